/* Observe: a look, what Sight makes of it, and what follows at once: a bid, the release of a hold that has ended, or nothing.

   A look is one step, in which its reply arrives. That its reply may be slow adds nothing: what the bid says is judged again
   by the database, and everything that is dated here begins with the reply. From the look to the bid's execution any time may
   pass, before it is sent or on its way.

   Not modelled: waiting until due or expired, jitter, notifications (a look may happen at any time), and paused and
   forced bids (they only change what is due). A foreign token, which only needs to age longer, is tried by tests/chaos. */

#define IS_IDLE(me) (replica[me].term == 0 && replica[me].asked.kind == NOTHING)

#define IS_SAME_CLUSTER(me) \
  (replica[me].has_looked && (replica[me].seen_cluster == timeline || !SIGHT_IS_OF_ONE_CLUSTER))

/* A row that has changed since the last look, and was stamped before it by the database's clock: that was another clock. */
#define IS_STAMPED_BEFORE(me) \
  (SEES_OLD_STAMPS && db.row != 0 && !replica[me].is_row_as_seen && db.row_hour < replica[me].seen_hour)

/* Sight::saw. Contact may be lost to any gap between two looks: the code says how long one must be, the model does not. */
inline see(me, after_a_gap) {
  if
  :: !IS_SAME_CLUSTER(me) ->
     replica[me].cluster_for = 0; replica[me].contact_for = 0; replica[me].row_for = 0;
     replica[me].is_age_doubtful = 0; replica[me].steps_before = steps_back + steps_forward
  :: else ->
     if
     :: !replica[me].is_row_as_seen -> replica[me].row_for = 0; replica[me].is_age_doubtful = 0
     :: else
     fi;
     if
     :: SEES_STEPS && (replica[me].seen_hour != clock_hour || IS_STAMPED_BEFORE(me)) ->
        replica[me].contact_for = 0; replica[me].is_age_doubtful = 1
     :: else
     fi
  fi;
  replica[me].has_looked = 1; replica[me].seen_cluster = timeline; replica[me].seen_hour = clock_hour;
  replica[me].is_row_as_seen = 1; replica[me].is_row_as_seen_on_standby = 0;
  if
  :: after_a_gap -> replica[me].contact_for = 0
  :: else
  fi
}

hidden byte ground;

/* decide(), for a lock that is due. */
#define NEEDS_CARE                                                        \
  ((db.row != 0 && CARE_FOR_HELD_ROWS && db.row_cluster != timeline) ||   \
   (db.row != 0 && CARE_FOR_HELD_ROWS && db.cluster != timeline) ||       \
   (db.row == 0 && CARE_FOR_FREE_ROWS && db.cluster != timeline))
#define IS_OF_ANOTHER_CLUSTER (db.cluster != timeline || (db.row != 0 && db.row_cluster != timeline))
#define IS_PREDECESSORS(me) \
  (replica[me].row_is == OF_PREDECESSOR || (replica[me].row_is == OF_ANOTHER && !RECLAIM_NEEDS_SLOT))

inline decide(me) {
  ground = NO_GROUND;
  if
  :: NEEDS_CARE && replica[me].cluster_for < TTL && (RECLAIM_IS_OF_ONE_CLUSTER || !IS_PREDECESSORS(me))
  :: else ->
     if
     :: db.row == 0 -> ground = FREE
     :: db.row != 0 && replica[me].row_is == OF_MINE -> ground = OWN
     :: else ->
        if
        :: IS_PREDECESSORS(me) && (!IS_OF_ANOTHER_CLUSTER || !RECLAIM_IS_OF_ONE_CLUSTER) -> ground = RECLAIMED
        :: else ->
           if
           :: IS_STAMP_AHEAD && TAKES_FUTURE && (replica[me].row_for >= TTL || !WATCHES_FUTURE) -> ground = FUTURE
           :: IS_STAMP_OLD && (!replica[me].is_age_doubtful || replica[me].row_for >= TTL || !DOUBTS_AGE) -> ground = EXPIRED
           :: else
           fi
        fi
     fi
  fi
}

/* has_contact(); of a row that is clean nobody asks. */
#define HAS_CONTACT(me)                                                                             \
  ((ground == FREE && !db.clean && (replica[me].row_for == UNCLEAN || !TIME_CLEANS_BY_SIGHT)) ||    \
   (ground == EXPIRED && (replica[me].contact_for == TTL || replica[me].row_for >= TTL)))

inline send_bid(me) {
  replica[me].asked.kind = ACQUIRE;
  replica[me].asked.ground = ground;
  replica[me].asked.has_contact = HAS_CONTACT(me);
  replica[me].asked.steps_before = replica[me].steps_before;
  replica[me].asked.seen_term = db.term;
  replica[me].asked.seen_cluster = timeline;
  replica[me].asked.seen_hour = clock_hour;
  replica[me].asked.is_row_as_seen = 1;
  if
  :: !DATABASE_MAKES_TERM -> replica[me].asked.token = NEXT_TERM(db.term, db.cluster != timeline)
  :: else
  fi
}

inline look(me, after_a_gap) {
  d_step {
    IS_IDLE(me) && (!after_a_gap || (TRACKER && replica[me].contact_for > 0)) ->
    see(me, after_a_gap);
    CHECK_NONE_SKIPPED;
    if
    :: replica[me].ended != 0 && db.row == replica[me].ended && REPLAYS_RELEASE ->
       printf("replica %d sees the row of the hold that it has ended: releases term %d again\n", me, db.row);
       send_release(me)
    :: else ->
       if
       :: !KEEPS_LAST_RELEASE -> forget_ended(me)
       :: else
       fi;
       if
       :: IS_DUE ->
          decide(me);
          CHECK_TAKEABLE(me);
          if
          :: ground != NO_GROUND && holds < TERMS ->
             printf("replica %d sees row %d (age %d) and bids, ground %d\n", me, db.row, db.age, ground);
             send_bid(me)
          :: else
          fi
       :: else
       fi
    fi;
    ground = 0;
    tidy()
  }
}
