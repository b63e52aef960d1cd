/**
 * `services` in `hub.json`: programs of others, such as a science gateway. Read by `hub/swarmhub/services/outside_options.py`. The
 * token is in the secret `login-service-NAME`.
 */
export type HubService = {
  name: string;
  /** The program reaches only the users of this group; null is every user. */
  group: string | null;
  /** The members of the group in the configuration. */
  members: string[];
  may: ("start" | "stop" | "users")[];
};
