-- Our tables as raw COPY fills them: columns, keys and indexes. Frozen; a test compares them with the migrated ones.
-- Of platforms, imports and messages only what others point at.

CREATE TABLE platforms (
	id INTEGER NOT NULL,
	CONSTRAINT pk_platforms PRIMARY KEY (id)
);

CREATE TABLE imports (
	platform_id INTEGER NOT NULL,
	id UUID NOT NULL,
	CONSTRAINT pk_imports PRIMARY KEY (platform_id, id)
);

CREATE TABLE invitation_messages (
	platform_id INTEGER NOT NULL,
	id UUID NOT NULL,
	CONSTRAINT pk_invitation_messages PRIMARY KEY (platform_id, id)
);

CREATE TABLE organisations (
	platform_id INTEGER NOT NULL,
	id UUID NOT NULL,
	name VARCHAR(600) NOT NULL,
	name_key VARCHAR(600) COLLATE "C" NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_by_import_id UUID,
	CONSTRAINT pk_organisations PRIMARY KEY (platform_id, id),
	CONSTRAINT uq_organisations_platform_id_name_key UNIQUE (platform_id, name_key),
	CONSTRAINT fk_organisations_platform_id FOREIGN KEY(platform_id) REFERENCES platforms (id)
);

CREATE TABLE student_groups (
	platform_id INTEGER NOT NULL,
	id UUID NOT NULL,
	name VARCHAR(600) NOT NULL,
	name_key VARCHAR(600) COLLATE "C" NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_by_import_id UUID,
	CONSTRAINT pk_student_groups PRIMARY KEY (platform_id, id),
	CONSTRAINT uq_student_groups_platform_id_name_key UNIQUE (platform_id, name_key),
	CONSTRAINT fk_student_groups_platform_id FOREIGN KEY(platform_id) REFERENCES platforms (id)
);

CREATE TABLE labels (
	platform_id INTEGER NOT NULL,
	id UUID NOT NULL,
	name VARCHAR(600) NOT NULL,
	name_key VARCHAR(600) COLLATE "C" NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_by_import_id UUID,
	CONSTRAINT pk_labels PRIMARY KEY (platform_id, id),
	CONSTRAINT uq_labels_platform_id_name_key UNIQUE (platform_id, name_key),
	CONSTRAINT fk_labels_platform_id FOREIGN KEY(platform_id) REFERENCES platforms (id)
);

CREATE TABLE teams (
	leader_id UUID,
	pending_leader_email VARCHAR(320),
	pending_leader_canonical VARCHAR(320) COLLATE "C",
	leader_set_by_import_id UUID,
	platform_id INTEGER NOT NULL,
	id UUID NOT NULL,
	name VARCHAR(600) NOT NULL,
	name_key VARCHAR(600) COLLATE "C" NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_by_import_id UUID,
	CONSTRAINT pk_teams PRIMARY KEY (platform_id, id),
	CONSTRAINT uq_teams_platform_id_name_key UNIQUE (platform_id, name_key),
	CONSTRAINT fk_teams_platform_id FOREIGN KEY(platform_id) REFERENCES platforms (id)
);

CREATE INDEX ix_teams_pending_leader ON teams (platform_id, pending_leader_canonical) WHERE pending_leader_canonical IS NOT NULL;

CREATE INDEX ix_teams_platform_id_leader_id ON teams (platform_id, leader_id);

CREATE TABLE users (
	platform_id INTEGER NOT NULL,
	id UUID NOT NULL,
	state VARCHAR(10) NOT NULL,
	role VARCHAR(10) NOT NULL,
	email VARCHAR(320) NOT NULL,
	email_canonical VARCHAR(320) COLLATE "C" NOT NULL,
	first_name VARCHAR(300),
	last_name VARCHAR(300),
	organisation_id UUID,
	label_id UUID,
	team_id UUID,
	language VARCHAR(35) NOT NULL,
	password_hash VARCHAR(200),
	reset_generation INTEGER DEFAULT '0' NOT NULL,
	reset_expires_at TIMESTAMP WITH TIME ZONE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	activated_at TIMESTAMP WITH TIME ZONE,
	created_by_import_id UUID,
	CONSTRAINT pk_users PRIMARY KEY (platform_id, id),
	CONSTRAINT uq_users_platform_id_email_canonical UNIQUE (platform_id, email_canonical),
	CONSTRAINT fk_users_platform_id_organisation_id FOREIGN KEY(platform_id, organisation_id) REFERENCES organisations (platform_id, id),
	CONSTRAINT fk_users_platform_id_label_id FOREIGN KEY(platform_id, label_id) REFERENCES labels (platform_id, id),
	CONSTRAINT fk_users_platform_id_team_id FOREIGN KEY(platform_id, team_id) REFERENCES teams (platform_id, id),
	CONSTRAINT fk_users_platform_id FOREIGN KEY(platform_id) REFERENCES platforms (id)
);

CREATE INDEX ix_users_platform_id_label_id ON users (platform_id, label_id) WHERE label_id IS NOT NULL;

CREATE INDEX ix_users_platform_id_organisation_id ON users (platform_id, organisation_id);

CREATE INDEX ix_users_platform_id_team_id ON users (platform_id, team_id) WHERE team_id IS NOT NULL;

CREATE TABLE user_student_groups (
	platform_id INTEGER NOT NULL,
	user_id UUID NOT NULL,
	student_group_id UUID NOT NULL,
	CONSTRAINT pk_user_student_groups PRIMARY KEY (platform_id, user_id, student_group_id),
	CONSTRAINT fk_user_student_groups_platform_id_user_id FOREIGN KEY(platform_id, user_id) REFERENCES users (platform_id, id),
	CONSTRAINT fk_user_student_groups_platform_id_student_group_id FOREIGN KEY(platform_id, student_group_id) REFERENCES student_groups (platform_id, id)
);

CREATE INDEX ix_user_student_groups_platform_id_student_group_id ON user_student_groups (platform_id, student_group_id);

CREATE TABLE invitations (
	platform_id INTEGER NOT NULL,
	id UUID NOT NULL,
	state VARCHAR(10) NOT NULL,
	user_id UUID,
	import_id UUID,
	email VARCHAR(320) NOT NULL,
	first_name VARCHAR(300),
	last_name VARCHAR(300),
	organisation VARCHAR(600) NOT NULL,
	language VARCHAR(35) NOT NULL,
	message_id UUID,
	inviter_name VARCHAR(200),
	inviter_email VARCHAR(320),
	generation INTEGER NOT NULL,
	lifetime_days INTEGER,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE,
	accepted_at TIMESTAMP WITH TIME ZONE,
	revoked_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_invitations PRIMARY KEY (platform_id, id),
	CONSTRAINT fk_invitations_platform_id_user_id FOREIGN KEY(platform_id, user_id) REFERENCES users (platform_id, id),
	CONSTRAINT fk_invitations_platform_id_import_id FOREIGN KEY(platform_id, import_id) REFERENCES imports (platform_id, id),
	CONSTRAINT fk_invitations_platform_id_message_id FOREIGN KEY(platform_id, message_id) REFERENCES invitation_messages (platform_id, id),
	CONSTRAINT fk_invitations_platform_id FOREIGN KEY(platform_id) REFERENCES platforms (id)
);

CREATE INDEX ix_invitations_platform_id_user_id ON invitations (platform_id, user_id);

CREATE TABLE deliveries (
	platform_id INTEGER NOT NULL,
	about_id UUID NOT NULL,
	generation INTEGER NOT NULL,
	kind VARCHAR(20) NOT NULL,
	lane SMALLINT NOT NULL,
	state VARCHAR(10) NOT NULL,
	due_at TIMESTAMP WITH TIME ZONE,
	lease UUID,
	attempts SMALLINT NOT NULL,
	first_tried_at TIMESTAMP WITH TIME ZONE,
	batch_id UUID,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	sent_at TIMESTAMP WITH TIME ZONE,
	error_code VARCHAR(60),
	error_detail VARCHAR(500),
	CONSTRAINT pk_deliveries PRIMARY KEY (platform_id, about_id, generation),
	CONSTRAINT fk_deliveries_platform_id FOREIGN KEY(platform_id) REFERENCES platforms (id)
);

CREATE INDEX ix_deliveries_due ON deliveries (lane, platform_id, due_at) WHERE due_at IS NOT NULL;

ALTER TABLE teams ADD CONSTRAINT fk_teams_platform_id_leader_id FOREIGN KEY(platform_id, leader_id) REFERENCES users (platform_id, id);

