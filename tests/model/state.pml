/* Everything that is remembered: by the database, by each replica, and by the judge.

   Moments are kept as differences to the present, and a moment of the database's clock also as the hour in which it was
   made: a step of that clock is one hour, which is more than any other time here. So a moment of a later hour is in the
   future, one of an earlier hour is long past, and within one hour the difference counts. */

/* Why a row may be taken: Ground in lock_store.hpp. */
#define NO_GROUND 0
#define FREE 1
#define EXPIRED 2
#define FUTURE 3
#define RECLAIMED 4
#define OWN 5

/* Whose row it is, for one replica. */
#define OF_ANOTHER 0
#define OF_MINE 1        /* the token has its incarnation */
#define OF_PREDECESSOR 2 /* its slot and another incarnation: the process of its slot that crashed */

/* ------------------------------------------------------------------------------------------------------- the database */

/* sync_lock, groomer.lock_state and groomer.request. Tokens are terms: no two holds have one. A null token is as good as no
   row, and 0 stands for both. */
typedef Database {
  unsigned row : 3;         /* the token in sync_lock */
  unsigned row_cluster : 1; /* the timeline in it */
  unsigned age : 3;         /* of its stamp, up to TTL */
  unsigned row_hour : 3;    /* in which it was stamped */

  unsigned state_token : 3;
  unsigned term : 3;
  unsigned cluster : 1; /* of the last acquire */
  unsigned clean : 1;
  unsigned quarantine : 4; /* left */
  unsigned quarantine_hour : 3;
  unsigned quarantine_was : 4; /* at the acquire: quarantine_until - acquired_at */
  unsigned acquired_hour : 3;
  unsigned released_hour : 3;
  unsigned released_for : 4; /* since released_at, up to UNCLEAN */
  unsigned is_past_due : 1; /* due_at has passed, in its hour */
  unsigned due_hour : 3;
  unsigned is_requested : 1;
  unsigned is_requested_since : 1; /* after the last acquire */

  /* of the judge: a due time or a request that no tick has served which began after it and finished */
  unsigned is_owed : 1;
  unsigned is_owed_since : 1; /* and that came after the last acquire */
};

Database db;
Database standby; /* lacks the last write; also what is on disk where the last write was not durable */
unsigned timeline : 1;
unsigned clock_hour : 3;
bit last_write_is_durable = 1;

/* -------------------------------------------------------------------------------------------------------- the replicas */

#define NOTHING 0
#define ACQUIRE 1
#define RENEW 2
#define RELEASE 3

/* A statement on its way to the database, or its reply on the way back. */
typedef Statement {
  unsigned kind : 2;
  unsigned is_executed : 1;
  unsigned sent_for : 3; /* up to TTL */
  unsigned token : 3;    /* renewed or released; or won, once executed */
  /* of an acquire: the look it stands on, and its reply */
  unsigned ground : 3;
  unsigned has_contact : 1;
  unsigned steps_before : 2; /* of the judge: that of the bidder */
  unsigned seen_term : 3;
  unsigned seen_cluster : 1;
  unsigned seen_hour : 3;
  unsigned is_row_as_seen : 1;
  unsigned is_row_as_seen_on_standby : 1;
  unsigned is_of_predecessor : 1; /* its process has crashed since */
  unsigned quarantine : 4;
  /* of a release */
  unsigned is_clean : 1;
  unsigned is_whole : 1;
};

typedef Replica {
  Statement asked; /* and waited for */
  Statement late;  /* given up, but not by the network */

  /* Sight, in decision.hpp */
  unsigned has_looked : 1;
  unsigned seen_cluster : 1;
  unsigned seen_hour : 3;
  unsigned is_row_as_seen : 1;
  unsigned is_row_as_seen_on_standby : 1;
  unsigned is_age_doubtful : 1;
  unsigned steps_before : 2; /* of the judge: how often the clock had stepped at the first look in this cluster */
  unsigned row_for : 4;     /* since row_since, up to TTL; of a free row up to UNCLEAN */
  unsigned contact_for : 3; /* since contact_since, up to TTL */
  unsigned cluster_for : 3; /* since cluster_since */

  unsigned row_is : 2; /* what it would read in the token */
  unsigned row_is_on_standby : 2;

  /* Hold, in hold.hpp */
  unsigned term : 3;     /* 0: none, or lost */
  unsigned deadline : 3; /* left */
  unsigned quarantine : 4;
  unsigned proof_age : 3; /* up to PROOF + 1 */

  /* undelivered_, in loop.hpp */
  unsigned ended : 3; /* the token of the hold to release; 0: none */
  unsigned ended_clean : 1;
  unsigned ended_whole : 1;

  unsigned last_term : 3; /* of a hold, over or not: its statements may come late */
  unsigned fence : 3;     /* the token of the fenced write that is under way */
};

Replica replica[REPLICAS];

/* ---------------------------------------------------------------------------------------------------------- the judge */

#define RAN_TO_END 1
#define AND_WAS_RELEASED 2

unsigned holds : 3;       /* so many were begun */
unsigned newest_term : 3;
byte effect_due[MOST_TERMS + 1]; /* by term: a write to the tracker takes effect within this time; 0: none is under way */
unsigned newest_writer : 3;  /* the newest term that has begun a write to the tracker */
byte tick_of[MOST_TERMS + 1];    /* by term: ran to its end, whole; and was told that it is released */
unsigned robbed : 6; /* a bit by term: its row was deleted, or, living, taken by who first looked after the clock had stepped */

unsigned crashes : 2;
unsigned deletes : 2;
unsigned steps_back : 2;
unsigned steps_forward : 2;
unsigned server_crashes : 1;
