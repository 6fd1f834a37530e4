/* A hold: what the reply to an acquire begins, what renewals prolong, and what its end leaves to be released.

   A pause of a replica is that none of its steps is taken while time passes: any of them may come late. */

/* The deadline counts from the sending of the statement that was confirmed. */
#define DEADLINE(s) (DEADLINE_FROM_SENDING -> TTL - s.sent_for : TTL)

inline begin_hold(me) {
  if
  :: DEADLINE(replica[me].asked) > 0 ->
     replica[me].term = replica[me].asked.token;
     replica[me].last_term = (FENCED_WRITES -> replica[me].asked.token : 0);
     replica[me].deadline = DEADLINE(replica[me].asked);
     if
     :: TRACKER ->
        replica[me].proof_age = (replica[me].asked.sent_for > PROOF -> PROOF + 1 : replica[me].asked.sent_for);
        replica[me].quarantine = replica[me].asked.quarantine;
        if
        :: !QUARANTINE_FROM_REPLY && replica[me].quarantine > replica[me].asked.sent_for ->
           replica[me].quarantine = replica[me].quarantine - replica[me].asked.sent_for
        :: !QUARANTINE_FROM_REPLY && replica[me].quarantine <= replica[me].asked.sent_for -> replica[me].quarantine = 0
        :: else
        fi
     :: else
     fi;
     replica[me].ended = 0; replica[me].ended_clean = 0; replica[me].ended_whole = 0;
     printf("replica %d holds term %d for %d, quarantine %d\n", me, replica[me].term, replica[me].deadline,
            replica[me].quarantine);
     CHECK_EXCLUSION
  :: else -> printf("replica %d learns of its win too late\n", me)
  fi
}

inline end_hold(me) {
  replica[me].term = 0; replica[me].deadline = 0; replica[me].quarantine = 0; replica[me].proof_age = 0
}

inline lose_hold(me) {
  printf("replica %d has lost term %d\n", me, replica[me].term);
  end_hold(me)
}

inline renew(me) {
  d_step {
    replica[me].term != 0 && replica[me].asked.kind == NOTHING && replica[me].deadline < TTL ->
    printf("replica %d sends a renewal of term %d\n", me, replica[me].term);
    replica[me].asked.kind = RENEW;
    replica[me].asked.token = replica[me].term;
    tidy()
  }
}

/* The row that is still ours, and not older than the ttl, is stamped anew. */
inline execute_renew(s) {
  won = 0;
  if
  :: (db.row == s.token || (!RENEWS_OWN_TOKEN && db.row != 0)) && !IS_STAMP_OLD ->
     before_write(RENEWALS_ARE_DURABLE);
     db.age = 0; db.row_hour = clock_hour;
     row_has_changed();
     won = 1;
     printf("database: term %d is renewed\n", s.token)
  :: else -> printf("database: nothing to renew of term %d\n", s.token)
  fi
}

inline prolong_hold(me) {
  if
  :: replica[me].term == replica[me].asked.token ->
     if
     :: DEADLINE(replica[me].asked) > replica[me].deadline -> replica[me].deadline = DEADLINE(replica[me].asked)
     :: else
     fi;
     if
     :: TRACKER && replica[me].asked.sent_for < replica[me].proof_age -> replica[me].proof_age = replica[me].asked.sent_for
     :: else
     fi;
     CHECK_EXCLUSION
  :: else
  fi
}

/* ------------------------------------------------------------------------------------ statements that are waited for */

inline execute_bid(me) {
  execute_acquire(me, replica[me].asked);
  if
  :: won -> replica[me].asked.is_executed = 1
  :: else -> CHECK_NOT_REFUSED(replica[me].asked); clear_statement(replica[me].asked)
  fi
}

/* A negative reply comes at once: while it is late, or lost, the replica knows as little as before it was sent. A bid counts
   from its look; or the replica was slow to send it, and it has only just been sent. */
inline database_executes(me) {
  if
  :: d_step { IS_WAITING(me) && replica[me].asked.kind == ACQUIRE && !IS_FENCED -> execute_bid(me); tidy() }
  :: d_step {
       IS_WAITING(me) && replica[me].asked.kind == ACQUIRE && !IS_FENCED && replica[me].asked.sent_for > 0 ->
       execute_bid(me);
       replica[me].asked.sent_for = 0;
       tidy()
     }
  :: d_step {
       IS_WAITING(me) && replica[me].asked.kind == RENEW ->
       execute_renew(replica[me].asked);
       if
       :: won -> replica[me].asked.is_executed = 1
       :: else ->
          if
          :: replica[me].term == replica[me].asked.token -> lose_hold(me)
          :: else
          fi;
          clear_statement(replica[me].asked)
       fi;
       tidy()
     }
  :: d_step {
       IS_WAITING(me) && replica[me].asked.kind == RELEASE && !IS_FENCED ->
       execute_release(replica[me].asked);
       if
       :: won -> replica[me].asked.is_executed = 1
       :: else ->
          forget_refused_release(me);
          clear_statement(replica[me].asked)
       fi;
       tidy()
     }
  fi
}

inline reply_arrives(me) {
  d_step {
    replica[me].asked.is_executed ->
    if
    :: replica[me].asked.kind == ACQUIRE -> begin_hold(me)
    :: replica[me].asked.kind == RENEW -> prolong_hold(me)
    :: else ->
       tick_of[replica[me].asked.token] = (replica[me].asked.is_whole -> AND_WAS_RELEASED : 0);
       if
       :: !KEEPS_LAST_RELEASE -> forget_ended(me)
       :: else
       fi
    fi;
    clear_statement(replica[me].asked);
    tidy()
  }
}
