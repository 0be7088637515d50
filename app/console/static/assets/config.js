// Where the service answers: the one place to change when these files are served from another site than the service.

/** The service's address without a path, or empty for the site these files come from. */
export const SERVICE = "";
