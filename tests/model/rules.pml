/* The rules that can be taken away: 1 as the code has it; a mutant sets one to 0, and a property must break.
   `run --list` names the mutants. */

/* acquire */
#ifndef COMPARES_ROW
#define COMPARES_ROW 1 /* the row must be the one that was seen */
#endif
#ifndef COMPARES_TERM
#define COMPARES_TERM 1 /* and the state row's term */
#endif
#ifndef COMPARES_CLUSTER
#define COMPARES_CLUSTER 1 /* the cluster computed there is the one seen */
#endif
#ifndef JUDGES_DUE_AGAIN
#define JUDGES_DUE_AGAIN 1
#endif
#ifndef JUDGES_LOOK_AGE
#define JUDGES_LOOK_AGE 1
#endif
#ifndef JUDGES_AGE_AGAIN
#define JUDGES_AGE_AGAIN 1 /* expired, or in the future, by the database's clock */
#endif
#ifndef DATABASE_MAKES_TERM
#define DATABASE_MAKES_TERM 1 /* from what it has, not the bidder from what it saw */
#endif
#ifndef LEAVES_LOST_TERMS
#define LEAVES_LOST_TERMS 1
#endif

/* observe, decide */
#ifndef CARE_FOR_HELD_ROWS
#define CARE_FOR_HELD_ROWS 1 /* a ttl's wait for a row of another cluster */
#endif
#ifndef CARE_FOR_FREE_ROWS
#define CARE_FOR_FREE_ROWS 1 /* and for a free one */
#endif
#ifndef SIGHT_IS_OF_ONE_CLUSTER
#define SIGHT_IS_OF_ONE_CLUSTER 1
#endif
#ifndef RECLAIM_IS_OF_ONE_CLUSTER
#define RECLAIM_IS_OF_ONE_CLUSTER 1 /* and takes care like any other ground */
#endif
#ifndef RECLAIM_NEEDS_SLOT
#define RECLAIM_NEEDS_SLOT 1 /* and its file lock: a name alone proves nothing */
#endif
#ifndef SEES_STEPS
#define SEES_STEPS 1
#endif
#ifndef SEES_OLD_STAMPS
#define SEES_OLD_STAMPS 1 /* a row that has changed since the last look and was stamped before it */
#endif
#ifndef DOUBTS_AGE
#define DOUBTS_AGE 1 /* a stamp from before a step must be seen unchanged for a ttl */
#endif
#ifndef TAKES_FUTURE
#define TAKES_FUTURE 1 /* a row whose stamp is in the future */
#endif
#ifndef WATCHES_FUTURE
#define WATCHES_FUTURE 1 /* but only one seen unchanged for a ttl */
#endif

/* hold, renew */
#ifndef DEADLINE_FROM_SENDING
#define DEADLINE_FROM_SENDING 1
#endif
#ifndef RENEWS_OWN_TOKEN
#define RENEWS_OWN_TOKEN 1
#endif

/* fence */
#ifndef FENCE_LOCKS
#define FENCE_LOCKS 1 /* FOR SHARE: acquire, release and a foreign DELETE wait for the write */
#endif

/* tracker writes, quarantine */
#ifndef WRITES_NEED_PROOF
#define WRITES_NEED_PROOF 1
#endif
#ifndef QUARANTINE
#define QUARANTINE 1
#endif
#ifndef QUARANTINE_FROM_ACQUIRE
#define QUARANTINE_FROM_ACQUIRE 1 /* not from the moment at which the row expired */
#endif
#ifndef QUARANTINE_FROM_REPLY
#define QUARANTINE_FROM_REPLY 1 /* what is left counts from the reply, not from the sending */
#endif
#ifndef QUARANTINE_IS_CARRIED
#define QUARANTINE_IS_CARRIED 1 /* never shortened by the next acquire */
#endif
#ifndef UNCLEAN_WAITS_LONGER
#define UNCLEAN_WAITS_LONGER 1
#endif
#ifndef LONG_CONTACT
#define LONG_CONTACT 1 /* the short wait of an expired row needs a ttl of contact without a step */
#endif
#ifndef RELEASE_TELLS_UNCLEAN
#define RELEASE_TELLS_UNCLEAN 1 /* writes without an answer */
#endif
#ifndef RELEASE_TELLS_QUARANTINE
#define RELEASE_TELLS_QUARANTINE 1 /* and a quarantine that is not over by the holder's clock */
#endif
#ifndef TIME_CLEANS
#define TIME_CLEANS 1 /* a row released long ago, and seen free for as long as the wait would be, needs none */
#endif
#ifndef TIME_CLEANS_BY_SIGHT
#define TIME_CLEANS_BY_SIGHT 1 /* not by the database's clock alone */
#endif
#ifndef DELETE_IS_UNCLEAN
#define DELETE_IS_UNCLEAN 1 /* a free row is clean only where a release said so */
#endif

/* release */
#ifndef RELEASES_OWN_TOKEN
#define RELEASES_OWN_TOKEN 1
#endif
#ifndef REPLAYS_RELEASE
#define REPLAYS_RELEASE 1 /* before anything else, where the row is still that of the ended hold */
#endif
#ifndef KEEPS_LAST_RELEASE
#define KEEPS_LAST_RELEASE 1 /* even one that was confirmed: a failover may have lost it */
#endif
#ifndef KEEPS_REFUSED_RELEASE
#define KEEPS_REFUSED_RELEASE 0 /* release.pml */
#endif
#ifndef KEEPS_LATER_REQUESTS
#define KEEPS_LATER_REQUESTS 1
#endif

/* a clock that went back */
#ifndef BACK_IS_DUE
#define BACK_IS_DUE 1
#endif
#ifndef BACK_RENEWS_QUARANTINE
#define BACK_RENEWS_QUARANTINE 1
#endif
#ifndef RELEASE_MENDS_STATE
#define RELEASE_MENDS_STATE 1 /* puts into the present what a hold from before the step leaves */
#endif
#ifndef RELEASE_MENDS_DUE
#define RELEASE_MENDS_DUE 1 /* and what it leaves due */
#endif

/* the server */
#ifndef ACQUIRES_ARE_DURABLE
#define ACQUIRES_ARE_DURABLE 1
#endif
#ifndef RENEWALS_ARE_DURABLE
#define RENEWALS_ARE_DURABLE 1
#endif
#ifndef RELEASES_ARE_DURABLE
#define RELEASES_ARE_DURABLE 1
#endif
