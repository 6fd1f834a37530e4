/* Time, and what it brings: due times and requests. */

inline age_statement(s) {
  if
  :: s.kind != NOTHING && s.sent_for < TTL -> s.sent_for++
  :: else
  fi
}

/* Any more makes no difference. */
#define LONGEST_SIGHT (TIME_IS_KEPT && db.row == 0 -> UNCLEAN : TTL)

inline age_replica(me) {
  if
  :: replica[me].deadline > 0 ->
     replica[me].deadline--;
     if
     :: replica[me].deadline == 0 -> lose_hold(me)
     :: else
     fi
  :: else
  fi;
  if
  :: replica[me].quarantine > 0 -> replica[me].quarantine--
  :: else
  fi;
  if
  :: TRACKER && WRITES_NEED_PROOF && replica[me].term != 0 && replica[me].proof_age <= PROOF -> replica[me].proof_age++
  :: else
  fi;
  age_statement(replica[me].asked);
  if
  :: replica[me].late.kind == ACQUIRE -> age_statement(replica[me].late)
  :: else
  fi;
  if
  :: (STEPS || TRACKER) && replica[me].has_looked && replica[me].row_for < LONGEST_SIGHT -> replica[me].row_for++
  :: else
  fi;
  if
  :: TRACKER && replica[me].has_looked && replica[me].contact_for < TTL -> replica[me].contact_for++
  :: else
  fi;
  if
  :: FAILOVERS && replica[me].has_looked && replica[me].cluster_for < TTL && (timeline == 1 || !SIGHT_IS_OF_ONE_CLUSTER) ->
     replica[me].cluster_for++
  :: else
  fi
}

inline age_database(d) {
  if
  :: d.row != 0 && d.age < TTL -> d.age++
  :: else
  fi;
  if
  :: d.quarantine > 0 -> d.quarantine--
  :: else
  fi;
  if
  :: TIME_IS_KEPT && d.released_for < UNCLEAN -> d.released_for++
  :: else
  fi
}

#define AN_EFFECT_MUST_LAND \
  (effect_due[1] == 1 || effect_due[2] == 1 || effect_due[3] == 1 || effect_due[4] == 1 || effect_due[5] == 1)

hidden byte of_term;

inline time_passes() {
  d_step {
    !AN_EFFECT_MUST_LAND ->
    printf("-- time passes\n");
    age_database(db);
    age_database(standby);
    FOR_EACH_REPLICA age_replica(each); END_EACH;
    of_term = 1;
    do
    :: of_term <= HIGHEST_TERM ->
       if
       :: effect_due[of_term] > 0 -> effect_due[of_term]--
       :: else
       fi;
       of_term++
    :: else -> break
    od;
    of_term = 0;
    tidy()
  }
}

/* The standby's clock shows the same. */
inline due_time_passes() {
  d_step {
    !db.is_past_due && db.due_hour == clock_hour ->
    printf("-- the due time has come\n");
    db.is_past_due = 1; db.is_owed = 1;
    if
    :: HAS_STANDBY -> standby.is_past_due = 1; standby.is_owed = 1
    :: else
    fi;
    tidy()
  }
}

inline request_comes() {
  d_step {
    REQUESTS && !(db.is_requested && (db.is_requested_since || db.state_token == 0)) ->
    printf("-- a tick is requested\n");
    before_write(0);
    db.is_requested = 1; db.is_owed = 1;
    if
    :: db.state_token != 0 -> db.is_requested_since = 1; db.is_owed_since = 1
    :: else
    fi;
    tidy()
  }
}
