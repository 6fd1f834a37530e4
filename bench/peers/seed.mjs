// The steps of the system that groomer replaces, over the same client library as there: read the row; if it is older than 30
// minutes, delete it by id; then, in a transaction, read again and insert; release by deleting the own token.
import { PrismaPg } from '@prisma/adapter-pg';
import prismaClient from '@prisma/client';
import { randomUUID } from 'node:crypto';
import { serve, timed } from './serve.mjs';

const prisma = new prismaClient.PrismaClient({ adapter: new PrismaPg({ connectionString: process.argv[2], max: 1 }) });
const id = 'groomer';
const staleAfter = 30 * 60 * 1000;

async function acquire() {
  const row = await prisma.syncLock.findUnique({ where: { id } });
  if (row) {
    if (Date.now() - row.acquiredAt.getTime() < staleAfter) return null;
    await prisma.syncLock.delete({ where: { id } });
  }
  const syncRunId = randomUUID();
  return prisma.$transaction(async (transaction) => {
    if (await transaction.syncLock.findUnique({ where: { id } })) return null;
    await transaction.syncLock.create({ data: { id, syncRunId, acquiredAt: new Date() } });
    return syncRunId;
  });
}

const release = (syncRunId) => prisma.syncLock.deleteMany({ where: { id, syncRunId } });

await prisma.$connect();
await serve({
  cycle: ({ n }) =>
    timed(n, async () => {
      const token = await acquire();
      if (!token) throw new Error('the row is held, but nobody else takes it here');
      await release(token);
    }),
  // A standby's look at a row that another holds.
  look: ({ n }) =>
    timed(n, async () => {
      if (await acquire()) throw new Error('the row was free, but it is to be held here');
    }),
});
