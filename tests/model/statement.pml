/* The way of a statement to the database and of its reply back: what pg/ and the network do. */

#define IS_WAITING(me) (replica[me].asked.kind != NOTHING && !replica[me].asked.is_executed)

inline clear_statement(s) {
  s.kind = NOTHING; s.is_executed = 0; s.sent_for = 0; s.token = 0;
  s.ground = NO_GROUND; s.has_contact = 0; s.steps_before = 0; s.seen_term = 0; s.seen_cluster = 0; s.seen_hour = 0;
  s.is_row_as_seen = 0; s.is_row_as_seen_on_standby = 0; s.is_of_predecessor = 0; s.quarantine = 0;
  s.is_clean = 0; s.is_whole = 0
}

/* Given up while the network still has it. */
inline make_late(me) {
  replica[me].late.kind = replica[me].asked.kind;
  replica[me].late.token = replica[me].asked.token;
  replica[me].late.ground = replica[me].asked.ground;
  replica[me].late.has_contact = replica[me].asked.has_contact;
  replica[me].late.steps_before = replica[me].asked.steps_before;
  replica[me].late.seen_term = replica[me].asked.seen_term;
  replica[me].late.seen_cluster = replica[me].asked.seen_cluster;
  replica[me].late.seen_hour = replica[me].asked.seen_hour;
  replica[me].late.is_row_as_seen = replica[me].asked.is_row_as_seen;
  replica[me].late.is_row_as_seen_on_standby = replica[me].asked.is_row_as_seen_on_standby;
  replica[me].late.is_clean = replica[me].asked.is_clean;
  replica[me].late.is_whole = replica[me].asked.is_whole;
  if
  :: replica[me].asked.kind == ACQUIRE -> replica[me].late.sent_for = replica[me].asked.sent_for
  :: else
  fi;
  clear_statement(replica[me].asked)
}

/* A time limit passes, or a connection breaks: whether the statement was executed, or still will be, is not known. */
inline give_up(me) {
  if
  :: d_step {
       LOST && replica[me].asked.kind != NOTHING ->
       printf("replica %d gives up its statement: the request or the reply is lost\n", me);
       clear_statement(replica[me].asked); tidy()
     }
  :: d_step {
       LOST && LATE && IS_WAITING(me) && replica[me].late.kind == NOTHING ->
       printf("replica %d gives up its statement, which is still on its way\n", me);
       make_late(me); tidy()
     }
  fi
}

inline late_statement(me) {
  if
  :: d_step {
       replica[me].late.kind == RENEW -> execute_renew(replica[me].late); clear_statement(replica[me].late); tidy()
     }
  :: d_step {
       replica[me].late.kind == RELEASE && !IS_FENCED ->
       execute_release(replica[me].late); clear_statement(replica[me].late); tidy()
     }
  :: d_step {
       replica[me].late.kind == ACQUIRE && !IS_FENCED ->
       execute_acquire(me, replica[me].late); clear_statement(replica[me].late); tidy()
     }
  fi
}
