// Loaded before the real face (deno run --preload): SIGUSR1 makes its next drawing throw, SIGUSR2 rejects a promise that
// nobody awaits, SIGALRM makes the next key throw.

const { fill } = Uint32Array.prototype;
const { slice } = String.prototype;

const calledFrom = (name: string) => new RegExp(`at ${name} `).test(new Error().stack ?? "");

Deno.addSignalListener("SIGUSR1", () => {
  Uint32Array.prototype.fill = function (...args: Parameters<typeof fill>) {
    if (calledFrom("view")) throw new Error("the view is broken");
    return fill.apply(this, args);
  };
});

Deno.addSignalListener("SIGUSR2", () => {
  Promise.reject(new Error("nobody awaits this"));
});

Deno.addSignalListener("SIGALRM", () => {
  String.prototype.slice = function (...args: Parameters<typeof slice>) {
    if (calledFrom("updateTerm")) throw new Error("a key is broken");
    return slice.apply(this, args);
  };
});
