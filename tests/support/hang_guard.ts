/**
 * Loaded before every test file (deno test --preload): a test that hangs fails, its file is given up and the others go on,
 * instead of standing still for ever. FLOWER_TEST_MINUTES: how long one test may take; long counts on demand need more.
 */

const MINUTES = Number(Deno.env.get("FLOWER_TEST_MINUTES") ?? "25");

let timer: ReturnType<typeof setTimeout> | undefined;

Deno.test.beforeEach(() => {
  timer = setTimeout(() => {
    throw new Error(`This test has not ended within ${MINUTES} minutes (FLOWER_TEST_MINUTES): it hangs.`);
  }, MINUTES * 60_000);
});

Deno.test.afterEach(() => clearTimeout(timer));
