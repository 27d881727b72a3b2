/** Text in any pieces becomes whole lines without their ends; a last line needs no end. */

export class TextLineStream extends TransformStream<string, string> {
  constructor() {
    let rest = "";
    super({
      transform(piece, controller) {
        const parts = (rest + piece).split("\n");
        rest = parts.pop() ?? "";
        for (const part of parts) controller.enqueue(part.endsWith("\r") ? part.slice(0, -1) : part);
      },
      flush(controller) {
        if (rest !== "") controller.enqueue(rest);
      },
    });
  }
}
