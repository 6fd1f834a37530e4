// A check is a sentence and a function that throws where the sentence is not true. Prints "ok - …" and "not ok - …", goes on after a
// failure, and leaves the exit status to say whether there was one.
import assert from 'node:assert/strict';

export { assert };

export async function check(sentence, body) {
  try {
    await body();
    console.log(`ok - page: ${sentence}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`not ok - page: ${sentence}`);
    console.log(
      String(error.stack || error)
        .split('\n')
        .slice(0, 40)
        .map((line) => `    ${line}`)
        .join('\n'),
    );
  }
}

// Asks until the answer is one that counts, and returns it; what was thrown last is the failure.
export async function eventually(ask, seconds = 10) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      const answer = await ask();
      assert.ok(answer, `not within ${seconds} s: ${ask}`);
      return answer;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}
