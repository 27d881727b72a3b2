/** How this program starts parts of itself: from its sources, or as one compiled file. Nobody else knows the difference. */

/** The programs that run with rights of their own. */
export type SealedProgram = "brain" | "chroma";

/** Hidden roles of the compiled file, which start those programs. */
export const SEALED_ROLES: Record<SealedProgram, string> = {
  brain: "sealed-brain",
  chroma: "sealed-chroma",
};

export interface Self {
  /** One file: no embedder of its own, nothing beside it to change, no permission flags for its children. */
  compiled: boolean;
  /** Arguments for this executable that run a role of brain/main.ts. */
  role(args: readonly string[]): string[];
  /** Arguments for this executable that run a sealed program; `flags` are Deno's. */
  sealed(program: SealedProgram, flags: readonly string[]): string[];
  /** A folder on the disk for its children to start in; `home` is one. */
  folder(home: string): string;
}

/** The sources below `root`. `brain` stands in for the sealed brain's program. */
export function fromSources(root: string, brain = `${root}/brain/serve.ts`): Self {
  const programs = { brain, chroma: `${root}/brain/chroma_main.ts` };
  return {
    compiled: false,
    role: (args) => ["run", "-A", "--no-check", "--quiet", `${root}/brain/main.ts`, ...args],
    sealed: (program, flags) => ["run", ...flags, programs[program]],
    folder: () => root,
  };
}

/** One compiled file. `before` stands before every role: what it takes to run the same thing uncompiled. */
export function fromOneFile(before: readonly string[] = []): Self {
  return {
    compiled: true,
    role: (args) => [...before, ...args],
    // Its rights were settled when it was compiled; the role narrows them itself.
    sealed: (program) => [...before, SEALED_ROLES[program]],
    folder: (home) => home,
  };
}
