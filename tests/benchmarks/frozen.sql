-- The tables that a commit fills, as the migrations make them: keys, indexes and all. Frozen: a test compares.
-- platforms, imports and invitation_messages are stand-ins: only the keys that the others point at.
CREATE TABLE platforms (id INTEGER NOT NULL PRIMARY KEY);
CREATE TABLE imports (platform_id INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (platform_id, id));
CREATE TABLE invitation_messages (platform_id INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (platform_id, id));

CREATE TABLE organisations (
    platform_id INTEGER NOT NULL,
    id BLOB NOT NULL,
    name VARCHAR(600) NOT NULL,
    name_key VARCHAR(600) NOT NULL,
    created_at DATETIME NOT NULL,
    created_by_import_id BLOB,
    CONSTRAINT pk_organisations PRIMARY KEY (platform_id, id),
    CONSTRAINT fk_organisations_platform_id FOREIGN KEY(platform_id) REFERENCES platforms (id),
    CONSTRAINT uq_organisations_platform_id_name_key UNIQUE (platform_id, name_key)
);

CREATE TABLE student_groups (
    platform_id INTEGER NOT NULL,
    id BLOB NOT NULL,
    name VARCHAR(600) NOT NULL,
    name_key VARCHAR(600) NOT NULL,
    created_at DATETIME NOT NULL,
    created_by_import_id BLOB,
    CONSTRAINT pk_student_groups PRIMARY KEY (platform_id, id),
    CONSTRAINT fk_student_groups_platform_id FOREIGN KEY(platform_id) REFERENCES platforms (id),
    CONSTRAINT uq_student_groups_platform_id_name_key UNIQUE (platform_id, name_key)
);

CREATE TABLE labels (
    platform_id INTEGER NOT NULL,
    id BLOB NOT NULL,
    name VARCHAR(600) NOT NULL,
    name_key VARCHAR(600) NOT NULL,
    created_at DATETIME NOT NULL,
    created_by_import_id BLOB,
    CONSTRAINT pk_labels PRIMARY KEY (platform_id, id),
    CONSTRAINT fk_labels_platform_id FOREIGN KEY(platform_id) REFERENCES platforms (id),
    CONSTRAINT uq_labels_platform_id_name_key UNIQUE (platform_id, name_key)
);

CREATE TABLE teams (
    leader_id BLOB,
    pending_leader_email VARCHAR(320),
    pending_leader_canonical VARCHAR(320),
    leader_set_by_import_id BLOB,
    platform_id INTEGER NOT NULL,
    id BLOB NOT NULL,
    name VARCHAR(600) NOT NULL,
    name_key VARCHAR(600) NOT NULL,
    created_at DATETIME NOT NULL,
    created_by_import_id BLOB,
    CONSTRAINT pk_teams PRIMARY KEY (platform_id, id),
    CONSTRAINT fk_teams_platform_id_leader_id FOREIGN KEY(platform_id, leader_id) REFERENCES users (platform_id, id),
    CONSTRAINT fk_teams_platform_id FOREIGN KEY(platform_id) REFERENCES platforms (id),
    CONSTRAINT uq_teams_platform_id_name_key UNIQUE (platform_id, name_key)
);
CREATE INDEX ix_teams_pending_leader ON teams (platform_id, pending_leader_canonical) WHERE pending_leader_canonical IS NOT NULL;
CREATE INDEX ix_teams_platform_id_leader_id ON teams (platform_id, leader_id);

CREATE TABLE users (
    platform_id INTEGER NOT NULL,
    id BLOB NOT NULL,
    state VARCHAR(10) NOT NULL,
    role VARCHAR(10) NOT NULL,
    email VARCHAR(320) NOT NULL,
    email_canonical VARCHAR(320) NOT NULL,
    first_name VARCHAR(300),
    last_name VARCHAR(300),
    organisation_id BLOB,
    label_id BLOB,
    team_id BLOB,
    language VARCHAR(35) NOT NULL,
    password_hash VARCHAR(200),
    reset_generation INTEGER DEFAULT '0' NOT NULL,
    reset_expires_at DATETIME,
    created_at DATETIME NOT NULL,
    activated_at DATETIME,
    created_by_import_id BLOB,
    CONSTRAINT pk_users PRIMARY KEY (platform_id, id),
    CONSTRAINT fk_users_platform_id_label_id FOREIGN KEY(platform_id, label_id) REFERENCES labels (platform_id, id),
    CONSTRAINT fk_users_platform_id_organisation_id FOREIGN KEY(platform_id, organisation_id) REFERENCES organisations (platform_id, id),
    CONSTRAINT fk_users_platform_id_team_id FOREIGN KEY(platform_id, team_id) REFERENCES teams (platform_id, id),
    CONSTRAINT fk_users_platform_id FOREIGN KEY(platform_id) REFERENCES platforms (id),
    CONSTRAINT uq_users_platform_id_email_canonical UNIQUE (platform_id, email_canonical)
);
CREATE INDEX ix_users_platform_id_label_id ON users (platform_id, label_id) WHERE label_id IS NOT NULL;
CREATE INDEX ix_users_platform_id_organisation_id ON users (platform_id, organisation_id);
CREATE INDEX ix_users_platform_id_state_id ON users (platform_id, state, id) WHERE state <> 'invited';
CREATE INDEX ix_users_platform_id_team_id ON users (platform_id, team_id) WHERE team_id IS NOT NULL;

CREATE TABLE user_student_groups (
    platform_id INTEGER NOT NULL,
    user_id BLOB NOT NULL,
    student_group_id BLOB NOT NULL,
    CONSTRAINT pk_user_student_groups PRIMARY KEY (platform_id, user_id, student_group_id),
    CONSTRAINT fk_user_student_groups_platform_id_student_group_id FOREIGN KEY(platform_id, student_group_id) REFERENCES student_groups (platform_id, id),
    CONSTRAINT fk_user_student_groups_platform_id_user_id FOREIGN KEY(platform_id, user_id) REFERENCES users (platform_id, id)
);
CREATE INDEX ix_user_student_groups_platform_id_student_group_id ON user_student_groups (platform_id, student_group_id);

CREATE TABLE invitations (
    platform_id INTEGER NOT NULL,
    id BLOB NOT NULL,
    state VARCHAR(10) NOT NULL,
    user_id BLOB,
    import_id BLOB,
    email VARCHAR(320) NOT NULL,
    first_name VARCHAR(300),
    last_name VARCHAR(300),
    organisation VARCHAR(600) NOT NULL,
    language VARCHAR(35) NOT NULL,
    message_id BLOB,
    inviter_name VARCHAR(200),
    inviter_email VARCHAR(320),
    generation INTEGER NOT NULL,
    lifetime_days INTEGER,
    created_at DATETIME NOT NULL,
    expires_at DATETIME,
    accepted_at DATETIME,
    revoked_at DATETIME,
    CONSTRAINT pk_invitations PRIMARY KEY (platform_id, id),
    CONSTRAINT fk_invitations_platform_id_import_id FOREIGN KEY(platform_id, import_id) REFERENCES imports (platform_id, id),
    CONSTRAINT fk_invitations_platform_id_message_id FOREIGN KEY(platform_id, message_id) REFERENCES invitation_messages (platform_id, id),
    CONSTRAINT fk_invitations_platform_id_user_id FOREIGN KEY(platform_id, user_id) REFERENCES users (platform_id, id),
    CONSTRAINT fk_invitations_platform_id FOREIGN KEY(platform_id) REFERENCES platforms (id)
);
CREATE INDEX ix_invitations_platform_id_user_id ON invitations (platform_id, user_id);
CREATE INDEX ix_invitations_platform_id_import_id_id ON invitations (platform_id, import_id, id) WHERE import_id IS NOT NULL;
CREATE INDEX ix_invitations_platform_id_state_id ON invitations (platform_id, state, id) WHERE state <> 'pending';

CREATE TABLE deliveries (
    platform_id INTEGER NOT NULL,
    about_id BLOB NOT NULL,
    generation INTEGER NOT NULL,
    kind VARCHAR(20) NOT NULL,
    lane SMALLINT NOT NULL,
    state VARCHAR(10) NOT NULL,
    due_at DATETIME,
    lease BLOB,
    attempts SMALLINT NOT NULL,
    first_tried_at DATETIME,
    batch_id BLOB,
    created_at DATETIME NOT NULL,
    sent_at DATETIME,
    error_code VARCHAR(60),
    error_detail VARCHAR(500),
    CONSTRAINT pk_deliveries PRIMARY KEY (platform_id, about_id, generation),
    CONSTRAINT fk_deliveries_platform_id FOREIGN KEY(platform_id) REFERENCES platforms (id)
);
CREATE INDEX ix_deliveries_due ON deliveries (lane, platform_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ix_deliveries_aside ON deliveries (platform_id, state, about_id) WHERE state IN ('failed', 'held', 'dropped');
