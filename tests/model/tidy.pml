/* What keeps the states few and the search exact: the end of every step. In C, for speed.

   1. What nothing can ask for any more is forgotten: two states that differ in it have the same future.
   2. The replicas are alike, so states that differ only in which is which are one: they are kept in the order of their bytes.

   How that is known: `run` searches some slices also without it, and both must reach the same tidy states (count.h). */

#ifndef IN_ORDER
#define IN_ORDER 1 /* 0: the replicas keep their numbers, to show how something breaks */
#endif

#define IS_GONE(token_) ((token_) != now.db.row && (token_) != now.standby.row)
#define FORGET(x) memset(&(x), 0, sizeof(x))
#define SWAP_IF_UNORDERED(a, b)                                              \
  if (memcmp(&now.replica[a], &now.replica[b], sizeof now.replica[a]) > 0) { \
    char kept[sizeof now.replica[a]];                                        \
    memcpy(kept, &now.replica[a], sizeof kept);                              \
    memcpy(&now.replica[a], &now.replica[b], sizeof kept);                   \
    memcpy(&now.replica[b], kept, sizeof kept);                              \
  }

/* A renewal or a release whose token no row has, or will have again, finds nothing. A bid that is too late is refused. What a
   bid said does not matter after it has won. */
inline forget_statements() {
  c_code {
    for (int i = 0; i < REPLICAS; i++) {
      struct Statement *asked = &now.replica[i].asked, *late = &now.replica[i].late;
      int const no_step_follows = now.steps_back == STEPS_BACK && now.steps_forward == STEPS_FORWARD;
      if (late->kind == RENEW && IS_GONE(late->token) && RENEWS_OWN_TOKEN) FORGET(*late);
      if (late->kind == RELEASE && IS_GONE(late->token) && RELEASES_OWN_TOKEN) FORGET(*late);
      if (late->kind == ACQUIRE && JUDGES_LOOK_AGE &&
          (late->sent_for > LOOK_LASTS || (no_step_follows && late->seen_hour != now.clock_hour)))
        FORGET(*late);
      if (asked->kind == RELEASE) asked->sent_for = 0;
      if (asked->kind == ACQUIRE && !asked->is_executed && JUDGES_LOOK_AGE && asked->sent_for > LOOK_LASTS)
        asked->sent_for = LOOK_LASTS + 1;
      if (asked->kind == ACQUIRE && asked->is_executed) {
        asked->ground = asked->has_contact = asked->steps_before = asked->seen_term = asked->seen_cluster = asked->seen_hour = 0;
        asked->is_row_as_seen = asked->is_row_as_seen_on_standby = 0;
      }
    }
  }
}

/* Sights are dated for what asks for the dates: an age that a step made doubtful, a stamp in the future, care, contact. A
   change of the row that was not looked at begins the next date. Without a step to come, a row of this hour is not dated. */
inline forget_sights() {
  c_code {
    for (int i = 0; i < REPLICAS; i++) {
      struct Replica *r = &now.replica[i];
      int const no_step_follows = now.steps_back == STEPS_BACK && now.steps_forward == STEPS_FORWARD;
      if (r->ended && IS_GONE(r->ended)) r->ended = r->ended_clean = r->ended_whole = 0;
      if (!TRACKER) r->asked.has_contact = r->late.has_contact = 0;
      if (!STEPS_FORWARD) r->steps_before = r->asked.steps_before = r->late.steps_before = 0;
      if (!STEPS && !TRACKER) r->is_row_as_seen = r->is_row_as_seen_on_standby = 0;
      if (now.db.row == 0 && now.db.clean) r->is_row_as_seen = 0;
      if (!STEPS && !FAILOVERS && !TRACKER) r->has_looked = 0;
      if (!r->is_row_as_seen && !r->is_row_as_seen_on_standby) r->row_for = r->is_age_doubtful = 0;
      if (STEPS && !TRACKER && no_step_follows && !r->is_age_doubtful && r->seen_hour == now.clock_hour &&
          (now.db.row == 0 || now.db.row_hour == now.clock_hour))
        r->row_for = r->is_row_as_seen = 0;
    }
  }
}

/* Moments before this hour are all alike, if the clock cannot go back to theirs. */
inline forget_moments() {
  c_code {
    if (STEPS && now.steps_back == STEPS_BACK) {
      if (now.db.acquired_hour < now.clock_hour) now.db.acquired_hour = now.clock_hour;
      if (now.db.due_hour < now.clock_hour) now.db.due_hour = now.clock_hour, now.db.is_past_due = 1;
      if (now.db.quarantine_hour < now.clock_hour) now.db.quarantine_hour = now.clock_hour, now.db.quarantine = 0;
      if (now.db.released_hour < now.clock_hour) {
        now.db.released_hour = now.clock_hour;
        now.db.released_for = TIME_IS_KEPT ? UNCLEAN : 0;
      }
    }
    if (now.db.clean || now.db.state_token) now.db.released_for = 0;
    if (now.standby.clean || now.standby.state_token) now.standby.released_for = 0;
    for (int term = 1; term <= HIGHEST_TERM; term++)
      if (IS_GONE(term)) now.tick_of[term] = 0;
    if (now.robbed) {
      int held = 0; /* the terms with which somebody acts, or will when the reply comes */
      for (int i = 0; i < REPLICAS; i++) {
        struct Replica const *r = &now.replica[i];
        held |= 1 << r->term;
        if (r->asked.kind == ACQUIRE && r->asked.is_executed) held |= 1 << r->asked.token;
      }
      now.robbed &= held;
    }
  }
}

inline order_replicas() {
#if !IN_ORDER
  skip
#elif REPLICAS == 2
  c_code { SWAP_IF_UNORDERED(0, 1) }
#else
  c_code { SWAP_IF_UNORDERED(0, 1) SWAP_IF_UNORDERED(1, 2) SWAP_IF_UNORDERED(0, 1) }
#endif
}

inline make_tidy() {
  forget_statements();
  forget_sights();
  forget_moments();
  order_replicas()
}

#ifndef COUNT_TIDY
inline tidy() { make_tidy() }
#else
/* Counts the tidy states that are reached, and with COUNT_TIDY=0 goes on from the untidy ones: both must count the same. */
c_decl {
\#include "count.h"
}
inline tidy() {
  c_code { memcpy(&kept_state, &now, vsize); };
  make_tidy();
  c_code {
    count_state(&now, vsize);
    if (!COUNT_TIDY) memcpy(&now, &kept_state, vsize);
  }
}
#endif
