/* What goes wrong besides lost and late messages (statement.pml) and pauses (nothing needs to happen in time). */

/* The process dies and starts again in its slot: nothing of it is left but its statements on the way, which may vanish. */
inline crash(me, keeps_statement) {
  d_step {
    crashes < CRASHES && (!keeps_statement || (LATE && IS_WAITING(me) && replica[me].late.kind == NOTHING)) ->
    printf("replica %d crashes, and starts again\n", me);
    crashes++;
    if
    :: keeps_statement -> make_late(me)
    :: else -> clear_statement(replica[me].asked)
    fi;
    if
    :: replica[me].late.kind == ACQUIRE -> replica[me].late.is_of_predecessor = 1
    :: else
    fi;
    replica[me].has_looked = 0; replica[me].seen_cluster = 0; replica[me].seen_hour = 0;
    replica[me].is_row_as_seen = 0; replica[me].is_row_as_seen_on_standby = 0;
    replica[me].is_age_doubtful = 0; replica[me].steps_before = 0;
    replica[me].row_for = 0; replica[me].contact_for = 0; replica[me].cluster_for = 0;
    end_hold(me);
    forget_ended(me);
    if
    :: replica[me].row_is == OF_MINE -> replica[me].row_is = OF_PREDECESSOR
    :: else
    fi;
    if
    :: replica[me].row_is_on_standby == OF_MINE -> replica[me].row_is_on_standby = OF_PREDECESSOR
    :: else
    fi;
    tidy()
  }
}

/* By another program, of which the state row knows nothing; or by `lock release`. */
inline row_is_deleted(by_hand) {
  d_step {
    deletes < DELETES && db.row != 0 && !IS_FENCED ->
    printf("-- somebody deletes the row of term %d, by `lock release`: %d\n", db.row, by_hand);
    deletes++;
    robbed = robbed | (1 << db.row);
    before_write(by_hand);
    if
    :: by_hand -> db.state_token = 0; db.clean = 0; db.released_hour = clock_hour; db.released_for = 0
    :: else
    fi;
    delete_row();
    tidy()
  }
}

/* After a step while nobody holds the row, the protocol decides anew what is due: the judge takes its word. A hold that is
   under way, or died, owes what it owed. */
inline clock_has_stepped() {
  if
  :: db.state_token == 0 -> db.is_owed = IS_DUE || WENT_BACK
  :: else
  fi;
  if
  :: db.state_token == 0 && HAS_STANDBY -> standby.is_owed = 1
  :: else
  fi
}

inline clock_steps_back() {
  d_step {
    steps_back < STEPS_BACK ->
    printf("-- the database's clock goes back an hour\n");
    steps_back++; clock_hour--;
    clock_has_stepped();
    tidy()
  }
}

inline clock_steps_forward() {
  d_step {
    steps_forward < STEPS_FORWARD ->
    printf("-- the database's clock goes forward an hour\n");
    steps_forward++; clock_hour++;
    clock_has_stepped();
    tidy()
  }
}

/* The old primary is gone, and with it what was on its way there and every transaction, unless a pooler holds statements
   until a server is there again. Replies that were under way arrive. */
inline failover(loses_last_write) {
  d_step {
    FAILOVERS && timeline == 0 ->
    printf("-- failover: last write lost: %d\n", loses_last_write);
    if
    :: loses_last_write -> forget_last_write()
    :: else
    fi;
    timeline = 1;
    FOR_EACH_REPLICA
      replica[each].fence = 0;
      if
      :: !POOLER && IS_WAITING(each) -> clear_statement(replica[each].asked)
      :: else
      fi;
      if
      :: !POOLER -> clear_statement(replica[each].late)
      :: else
      fi;
    END_EACH;
    drop_standby();
    printf("-- now the row is of term %d, clean %d\n", db.row, db.clean);
    tidy()
  }
}

/* The server crashes and recovers in the same cluster: what it had not flushed is lost. Connections and their statements go,
   too; replies that were under way arrive. */
inline server_crash() {
  d_step {
    SERVER_CRASHES && !server_crashes ->
    printf("-- the server crashes and recovers: last write lost: %d\n", !last_write_is_durable);
    if
    :: !last_write_is_durable -> forget_last_write()
    :: else
    fi;
    server_crashes = 1;
    FOR_EACH_REPLICA
      replica[each].fence = 0;
      if
      :: IS_WAITING(each) -> clear_statement(replica[each].asked)
      :: else
      fi;
      clear_statement(replica[each].late);
    END_EACH;
    drop_standby();
    tidy()
  }
}
