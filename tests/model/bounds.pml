/* How large the checked world is. A slice changes these with -D; README.md tells which and why.

   Time is counted in units. Every timer that the protocol compares with a limit is kept exactly up to that limit and no
   further, since nothing ever asks by how much it was passed: so the states are finitely many, though time has no end. */

#ifndef REPLICAS
#define REPLICAS 2
#endif

#ifndef TERMS
#define TERMS 3 /* holds in one run; afterwards nobody bids */
#endif

#ifndef TTL
#define TTL 3
#endif

/* The code takes a margin off the deadline for clocks that run at different rates. Here all run alike, and the margin is 0:
   every deadline that the code could reach, and the worst one, is covered. */

#ifndef LOOK_LASTS
#define LOOK_LASTS 1 /* how old a look may be when its bid is judged: 2 s */
#endif

/* Writes to a tracker: the time limit of one, how long after that limit it may still take effect, and how long a proof
   that the token is current is good for. */
#ifndef WRITE
#define WRITE 1
#endif
#ifndef SETTLE
#define SETTLE 2
#endif
#ifndef PROOF
#define PROOF 1
#endif
#define LANDS (WRITE + SETTLE)           /* from the beginning of a write to its effect, at most */
#define UNCLEAN (SETTLE + PROOF + WRITE) /* settle + 4.5 s */

/* Faults, each as often as the slice says. */
#ifndef CRASHES
#define CRASHES 0 /* of a replica that starts again in the same slot */
#endif
#ifndef DELETES
#define DELETES 0 /* of the row, by another program or by `lock release` */
#endif
#ifndef STEPS_BACK
#define STEPS_BACK 0 /* of the database's clock */
#endif
#ifndef STEPS_FORWARD
#define STEPS_FORWARD 0
#endif
#ifndef FAILOVERS
#define FAILOVERS 0 /* 0 or 1 */
#endif
#ifndef SERVER_CRASHES
#define SERVER_CRASHES 0 /* 0 or 1 */
#endif
#ifndef POOLER
#define POOLER 0 /* 1: statements sent before a failover may arrive after it */
#endif
#ifndef LOST
#define LOST 1 /* 1: requests and replies are lost */
#endif
#ifndef LATE
#define LATE 1 /* 1: a statement that was given up may still be executed */
#endif
#ifndef REQUESTS
#define REQUESTS 0 /* 1: a tick is requested, at any time */
#endif

/* What the replicas do besides holding the lock. */
#ifndef FENCED_WRITES
#define FENCED_WRITES 0
#endif
#ifndef TRACKER
#define TRACKER 0
#endif

#define STEPS (STEPS_BACK + STEPS_FORWARD)
#define TIME_IS_KEPT (TRACKER && TIME_CLEANS)
#define HIGHEST_TERM (TERMS + FAILOVERS) /* a failover leaves one out */
#define MOST_TERMS 5
