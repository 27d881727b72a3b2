/** The roles of the command line that belong to the brain's front door: the face lists them and passes them on. */

export interface Role {
  name: string;
  help: string;
}

export const BRAIN_ROLES: readonly Role[] = [
  { name: "brain", help: "run the brain alone, for faces that come and go" },
  { name: "models", help: "pull, list or locate the model that makes memory go by meaning" },
  { name: "memory", help: "check or rebuild what is derived from the stories" },
  { name: "backup", help: "copy the database to a file, also beside a running brain" },
  { name: "restore", help: "put a backup in the database's place, which is kept" },
  { name: "doctor", help: "look at everything that playing needs, and say what to do" },
  { name: "export", help: "write a story as a book, or as a file to be imported" },
  { name: "import", help: "bring an exported story back, or take over a folder of the original" },
  { name: "token", help: "let players in from elsewhere: add, revoke or list them" },
];

/** Exit codes of every program; scripts rely on them. */
export const EXIT = { done: 0, failed: 1, usage: 2, no_brain: 3, turn_failed: 4, interrupted: 130 } as const;
