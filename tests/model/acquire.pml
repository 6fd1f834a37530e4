/* Acquire: groomer.acquire in 013_versions.sql.

   `s` is the statement, asked or late; `won` says how it went. The database's clock, which the term is made from too, is left
   out: the worst is a clock that helps nothing. */

hidden byte won;
hidden byte wait;

/* The last term and 1; in another cluster than its, room is left for those that were given out and lost: of one write, one. */
#define NEXT_TERM(last, is_of_another_cluster) ((last) + (is_of_another_cluster && LEAVES_LOST_TERMS -> 2 : 1))

#define IS_LOOK_FRESH(s) (s.seen_hour == clock_hour && s.sent_for <= LOOK_LASTS)

#define IS_AS_SEEN(s)                                   \
  ((s.seen_term == db.term || !COMPARES_TERM) &&        \
   (s.seen_cluster == timeline || !COMPARES_CLUSTER) && \
   (IS_LOOK_FRESH(s) || !JUDGES_LOOK_AGE))

/* The upsert: no row, or the row that was seen, on a ground that still stands. */
#define MAY_BE_TAKEN(s)                                              \
  (db.row == 0 ||                                                    \
   ((s.is_row_as_seen || !COMPARES_ROW) &&                           \
    (s.ground == OWN || s.ground == RECLAIMED ||                     \
     (s.ground == EXPIRED && (IS_STAMP_OLD || !JUDGES_AGE_AGAIN)) || \
     (s.ground == FUTURE && (IS_STAMP_AHEAD || !JUDGES_AGE_AGAIN)))))

inline execute_acquire(me, s) {
  won = 0;
  if
  :: holds < TERMS && (IS_DUE || !JUDGES_DUE_AGAIN) && IS_AS_SEEN(s) && MAY_BE_TAKEN(s) ->
     holds++;
     if
     :: DATABASE_MAKES_TERM -> s.token = NEXT_TERM(db.term, db.cluster != s.seen_cluster)
     :: else
     fi;
     CHECK_RISING(s.token);
     CHECK_DUE_ONCE(s.ground, db.row);
     if
     :: s.ground == EXPIRED && db.row != 0 && db.age < TTL && db.row_hour < clock_hour &&
           s.steps_before == steps_back + steps_forward ->
        robbed = robbed | (1 << db.row)
     :: else
     fi;
     set_quarantine(s);
     before_write(ACQUIRES_ARE_DURABLE);
     if
     :: WENT_BACK -> db.due_hour = clock_hour; db.is_past_due = 1
     :: else
     fi;
     newest_term = s.token;
     db.row = s.token; db.row_cluster = s.seen_cluster; db.age = 0; db.row_hour = clock_hour;
     db.state_token = s.token; db.term = s.token; db.cluster = s.seen_cluster; db.clean = 0;
     db.acquired_hour = clock_hour;
     db.is_requested_since = 0; db.is_owed_since = 0;
     FOR_EACH_REPLICA replica[each].row_is = OF_ANOTHER; END_EACH;
     replica[me].row_is = (s.is_of_predecessor -> OF_PREDECESSOR : OF_MINE);
     row_has_changed();
     won = 1;
     printf("database: replica %d takes term %d, quarantine %d\n", me, s.token, db.quarantine)
  :: else ->
     printf("database: the bid of replica %d is refused\n", me)
  fi
}
