/* What must hold. A broken property is named by the assertion that fails. */

hidden byte exclusion, rising_terms, due_once, none_skipped, takeable, tracker_order, fenced_writes;

/* -DONLY=exclusion: no other is checked. So a mutant is asked about the property that its rule is for. */
#ifdef ONLY
#define exclusion_ 1
#define rising_terms_ 2
#define due_once_ 3
#define none_skipped_ 4
#define takeable_ 5
#define tracker_order_ 6
#define fenced_writes_ 7
#define NUMBER_OF(property) property##_
#define NUMBER(property) NUMBER_OF(property)
#define CHECKED(property) (property##_ == NUMBER(ONLY))
#else
#define CHECKED(property) 1
#endif
#define MUST(property, condition) property = (condition) || !CHECKED(property); assert(property)

/* 1. At most one replica may act. Asked whenever one begins to, or may for longer.
   Left out is who lost its row where the design promises less: by a DELETE of others, which the holder only notices at its
   next renewal, or to one that first looked after the database's clock had gone forward, and cannot know that the row lives.
   Among all others one acts. Fenced writes and the order of effects must hold even then. */
#define IS_ROBBED(t) ((robbed >> (t)) & 1)
#define MAY_ACT(i) (replica[i].term != 0 && replica[i].deadline > 0 && !IS_ROBBED(replica[i].term))
#if REPLICAS == 2
#define ONE_ACTS (MAY_ACT(0) + MAY_ACT(1) <= 1)
#else
#define ONE_ACTS (MAY_ACT(0) + MAY_ACT(1) + MAY_ACT(2) <= 1)
#endif
#define CHECK_EXCLUSION MUST(exclusion, ONE_ACTS)

/* 2. A new term is above all that were before, in whatever cluster. */
#define CHECK_RISING(new_term) MUST(rising_terms, (new_term) > newest_term)

/* 3. A tick begins only for a due time or a request that no finished tick has served; no replica takes back a hold whose
   tick it has run to its end; and nobody takes one whose release was confirmed, unless a failover has lost that. (A tick
   whose release never reached the database, and whose replica died or came too late, is run again: nobody else can know.) */
#define CHECK_DUE_ONCE(ground, seen_token)                                   \
  MUST(due_once, db.is_owed && !((ground) == OWN && tick_of[seen_token]) && \
                   (FAILOVERS || tick_of[seen_token] != AND_WAS_RELEASED))

/* 4. What is owed stays due. */
#define CHECK_NONE_SKIPPED MUST(none_skipped, IS_DUE || !db.is_owed)

/* 5. A row is never wedged: one that was not renewed for a ttl may be taken, in a cluster that was seen for a ttl, where the
   clock has stepped by whoever has seen it unchanged for a ttl. And what may be taken by what was seen is not refused if
   nothing has changed since. */
#define IS_DEAD_FOR(me) (STEPS -> replica[me].row_for >= TTL : db.age == TTL)
#define IS_CARE_OVER(me) \
  ((db.cluster == timeline && (db.row == 0 || db.row_cluster == timeline)) || replica[me].cluster_for == TTL)
#define CHECK_TAKEABLE(me) MUST(takeable, ground != NO_GROUND || !(db.row == 0 || IS_DEAD_FOR(me)) || !IS_CARE_OVER(me))
#define CHECK_NOT_REFUSED(s) \
  MUST(takeable, s.sent_for > 0 || s.seen_hour != clock_hour || !s.is_row_as_seen || s.seen_cluster != timeline || \
                   s.seen_term != db.term || !IS_DUE || holds == TERMS)

/* 6. No effect of an older term lands on the tracker after one of a newer term: see tracker.pml. */
#if REPLICAS == 2
#define IS_HELD_BY_SOMEBODY(t) (replica[0].term == (t) || replica[1].term == (t))
#else
#define IS_HELD_BY_SOMEBODY(t) (replica[0].term == (t) || replica[1].term == (t) || replica[2].term == (t))
#endif
#define EFFECT_OF_OLDER(t)                                                                                    \
  (((t) > 1 && effect_due[1]) || ((t) > 2 && effect_due[2]) || ((t) > 3 && effect_due[3]) || ((t) > 4 && effect_due[4]))
#define CHECK_TRACKER_ORDER(t) MUST(tracker_order, newest_writer <= (t) && !EFFECT_OF_OLDER(t))

/* 7. No fenced write is committed by a term that is over. */
#define CHECK_FENCED(token) MUST(fenced_writes, db.row == (token) && db.state_token == (token))
