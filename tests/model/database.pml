/* What the rules ask of the database, and what every write to it does besides its own work. */

#define WENT_BACK (db.acquired_hour > clock_hour || db.released_hour > clock_hour) /* groomer.clock_went_back */
#define IS_DUE                                                                                 \
  (db.is_requested || db.due_hour < clock_hour || (db.due_hour == clock_hour && db.is_past_due) || \
   (WENT_BACK && BACK_IS_DUE))
#define IS_STAMP_AHEAD (db.row_hour > clock_hour)
#define IS_STAMP_OLD (db.row_hour < clock_hour || (db.row_hour == clock_hour && db.age >= TTL))

/* A fenced write locks the state row and the row: acquire, release and DELETE wait for its end. */
#if REPLICAS == 2
#define IS_FENCED (FENCED_WRITES && FENCE_LOCKS && (replica[0].fence || replica[1].fence))
#else
#define IS_FENCED (FENCED_WRITES && FENCE_LOCKS && (replica[0].fence || replica[1].fence || replica[2].fence))
#endif

#define HAS_STANDBY ((FAILOVERS && timeline == 0) || (SERVER_CRASHES && !server_crashes))

hidden byte each;
#define FOR_EACH_REPLICA each = 0; do :: each < REPLICAS ->
#define END_EACH each++ :: else -> break od; each = 0

inline copy_database(from, to) {
  to.row = from.row; to.row_cluster = from.row_cluster; to.age = from.age; to.row_hour = from.row_hour;
  to.state_token = from.state_token; to.term = from.term; to.cluster = from.cluster; to.clean = from.clean;
  to.quarantine = from.quarantine; to.quarantine_hour = from.quarantine_hour; to.quarantine_was = from.quarantine_was;
  to.acquired_hour = from.acquired_hour; to.released_hour = from.released_hour; to.released_for = from.released_for;
  to.is_past_due = from.is_past_due; to.due_hour = from.due_hour;
  to.is_requested = from.is_requested; to.is_requested_since = from.is_requested_since;
  to.is_owed = from.is_owed; to.is_owed_since = from.is_owed_since
}

/* The standby has all but the write that follows now. */
inline before_write(is_durable) {
  if
  :: HAS_STANDBY ->
     copy_database(db, standby);
     last_write_is_durable = is_durable;
     FOR_EACH_REPLICA
       replica[each].row_is_on_standby = replica[each].row_is;
       replica[each].is_row_as_seen_on_standby = replica[each].is_row_as_seen;
       replica[each].asked.is_row_as_seen_on_standby = replica[each].asked.is_row_as_seen;
       replica[each].late.is_row_as_seen_on_standby = replica[each].late.is_row_as_seen;
     END_EACH
  :: else
  fi
}

/* What was seen of the row is no longer so: it was written since. */
inline row_has_changed() {
  FOR_EACH_REPLICA
    replica[each].is_row_as_seen = 0;
    replica[each].asked.is_row_as_seen = 0;
    replica[each].late.is_row_as_seen = 0;
  END_EACH
}

inline delete_row() {
  db.row = 0; db.row_cluster = 0; db.age = 0; db.row_hour = 0;
  FOR_EACH_REPLICA replica[each].row_is = OF_ANOTHER; END_EACH;
  row_has_changed()
}

/* The reading of a standby, or of the disk, as the present. */
inline forget_last_write() {
  copy_database(standby, db);
  FOR_EACH_REPLICA
    replica[each].row_is = replica[each].row_is_on_standby;
    replica[each].is_row_as_seen = replica[each].is_row_as_seen_on_standby;
    replica[each].asked.is_row_as_seen = replica[each].asked.is_row_as_seen_on_standby;
    replica[each].late.is_row_as_seen = replica[each].late.is_row_as_seen_on_standby;
  END_EACH
}

/* Nothing follows any more. */
inline drop_standby() {
  standby.row = 0; standby.row_cluster = 0; standby.age = 0; standby.row_hour = 0;
  standby.state_token = 0; standby.term = 0; standby.cluster = 0; standby.clean = 0;
  standby.quarantine = 0; standby.quarantine_hour = 0; standby.quarantine_was = 0;
  standby.acquired_hour = 0; standby.released_hour = 0; standby.released_for = 0;
  standby.is_past_due = 0; standby.due_hour = 0;
  standby.is_requested = 0; standby.is_requested_since = 0;
  standby.is_owed = 0; standby.is_owed_since = 0;
  last_write_is_durable = 1;
  FOR_EACH_REPLICA
    replica[each].row_is_on_standby = 0;
    replica[each].is_row_as_seen_on_standby = 0;
    replica[each].asked.is_row_as_seen_on_standby = 0;
    replica[each].late.is_row_as_seen_on_standby = 0;
  END_EACH
}
