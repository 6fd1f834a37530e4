/* Release: groomer.release in 012_requests.sql, and in loop.cpp when it is sent and repeated.

   The code repeats a release that was not answered until the deadline, and after that whenever a look finds the row of the
   ended hold. Here all repetitions follow a look: one without would do the same where the row is that of the hold, and
   nothing where it is not. */

inline forget_ended(me) { replica[me].ended = 0; replica[me].ended_clean = 0; replica[me].ended_whole = 0 }

/* A repeated release that finds nothing is forgotten, or a stranger who writes the token back would have it repeated for ever.
   So where the first one came late after all, and a failover loses that, the tick may run again: the judge is told. */
inline forget_refused_release(me) {
  if
  :: !KEEPS_REFUSED_RELEASE || !KEEPS_LAST_RELEASE -> tick_of[replica[me].ended] = 0; forget_ended(me)
  :: else
  fi
}

inline send_release(me) {
  replica[me].asked.kind = RELEASE;
  replica[me].asked.token = replica[me].ended;
  replica[me].asked.is_clean = replica[me].ended_clean;
  replica[me].asked.is_whole = replica[me].ended_whole
}

/* The tick has ended in time, and all of its work with it. It was whole, or one of a single issue, or cut short by a
   shutdown or an error: then the due time stays, or comes again after a back-off, which is the same here. */
inline end_tick(me, whole) {
  d_step {
    replica[me].term != 0 && replica[me].asked.kind == NOTHING && replica[me].fence != replica[me].term ->
    replica[me].ended = replica[me].term;
    replica[me].ended_whole = whole;
    replica[me].ended_clean = (effect_due[replica[me].term] == 0 || !RELEASE_TELLS_UNCLEAN) &&
                              (replica[me].quarantine == 0 || !RELEASE_TELLS_QUARANTINE);
    tick_of[replica[me].term] = (whole -> RAN_TO_END : 0);
    printf("replica %d ends the tick of term %d: whole %d, clean %d\n", me, replica[me].term, whole, replica[me].ended_clean);
    end_hold(me);
    send_release(me);
    tidy()
  }
}

inline set_next_due(s) {
  if
  :: s.is_whole ->
     db.due_hour = clock_hour; db.is_past_due = 0;
     db.is_owed = db.is_owed_since; db.is_requested = db.is_requested_since && KEEPS_LATER_REQUESTS
  :: else ->
     if
     :: db.acquired_hour > clock_hour && RELEASE_MENDS_DUE -> db.due_hour = clock_hour; db.is_past_due = 1
     :: else
     fi
  fi;
  db.is_owed_since = 0; db.is_requested_since = 0
}

/* A hold that was acquired before the clock went back leaves no moment in the future. */
inline mend_state() {
  if
  :: db.acquired_hour > clock_hour && RELEASE_MENDS_STATE ->
     db.acquired_hour = clock_hour;
     if
     :: TRACKER -> db.quarantine = db.quarantine_was; db.quarantine_hour = clock_hour
     :: else
     fi
  :: else
  fi
}

inline execute_release(s) {
  won = 0;
  if
  :: (db.row == s.token && db.state_token == s.token) || (!RELEASES_OWN_TOKEN && db.row != 0) ->
     before_write(RELEASES_ARE_DURABLE);
     set_next_due(s);
     mend_state();
     db.released_hour = clock_hour; db.released_for = 0;
     db.state_token = 0;
     db.clean = s.is_clean;
     delete_row();
     CHECK_NONE_SKIPPED;
     won = 1;
     printf("database: term %d is released\n", s.token)
  :: else -> printf("database: nothing to release of term %d\n", s.token)
  fi
}
