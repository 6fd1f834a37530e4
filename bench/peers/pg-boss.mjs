// pg-boss, with a queue that lets one job be active at a time: the nearest it has to a lock that one replica holds.
// usage: pg-boss.mjs URL [QUEUE OPTIONS]: with OPTIONS (JSON: boss, queue, work, milliseconds), also a worker of the queue.
import { PgBoss } from 'pg-boss';
import { serve, timed } from './serve.mjs';

const [url, queue = 'lock', options = ''] = process.argv.slice(2);
const given = options ? JSON.parse(options) : {};
const boss = new PgBoss({ connectionString: url, ...given.boss });
boss.on('error', (error) => console.error(error));
await boss.start();
await boss.createQueue(queue, { policy: 'singleton', ...given.queue });
if (options) {
  // A job that is worked on for `milliseconds`.
  const work = () => new Promise((resolve) => setTimeout(resolve, given.milliseconds));
  await boss.work(queue, given.work ?? {}, work);
}

await serve({
  // One job handed out and completed; sending it is not timed.
  cycle: async ({ n }) =>
    timed(
      n,
      async () => {
        const [job] = await boss.fetch(queue);
        await boss.complete(queue, job.id);
      },
      () => boss.send(queue, {}),
    ),
  // A standby's fetch while a job is active.
  look: ({ n }) =>
    timed(n, async () => {
      if ((await boss.fetch(queue)).length) throw new Error('a job was handed out, but one is active');
    }),
  send: async ({ n }) => {
    for (let i = 0; i < n; i++) await boss.send(queue, {});
  },
  take: async () => ({ jobs: (await boss.fetch(queue)).length }),
});
