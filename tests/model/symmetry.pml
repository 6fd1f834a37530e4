/* draft */
#ifndef RAW
#define SWAP(a, b)                                                                                  \
  if (memcmp(&now.replica[a], &now.replica[b], sizeof now.replica[a]) > 0) {                        \
    char kept[sizeof now.replica[a]];                                                               \
    memcpy(kept, &now.replica[a], sizeof kept);                                                     \
    memcpy(&now.replica[a], &now.replica[b], sizeof kept);                                          \
    memcpy(&now.replica[b], kept, sizeof kept);                                                     \
  }
#define GONE(t) ((t) != now.db.row && (t) != now.standby.row)
inline forget() { c_code {
  int i;
  int const may_step_back = now.steps_back < STEPS_BACK, may_step = may_step_back || now.steps_forward < STEPS_FORWARD;
  for (i = 0; i < REPLICAS; i++) {
    struct Replica *r = &now.replica[i];
    if (r->late.kind > ACQUIRE && GONE(r->late.token)) memset(&r->late, 0, sizeof r->late);
    if (r->late.kind == ACQUIRE && (r->late.sent_for > LOOK_LASTS || (!may_step && r->late.seen_hour != now.clock_hour)) && JUDGES_LOOK_AGE) memset(&r->late, 0, sizeof r->late);
    if (r->ended && GONE(r->ended)) r->ended = r->ended_clean = r->ended_whole = 0;
    if (r->asked.kind == RELEASE) r->asked.sent_for = 0;
    if (r->asked.kind == ACQUIRE && !r->asked.is_executed && r->asked.sent_for > LOOK_LASTS && JUDGES_LOOK_AGE) {
       r->asked.sent_for = LOOK_LASTS + 1; 
       }
    if (r->asked.kind == ACQUIRE && r->asked.is_executed) { r->asked.ground=0; r->asked.has_contact=0; r->asked.seen_term=0; r->asked.seen_cluster=0; r->asked.seen_hour=0; r->asked.is_row_as_seen=0; r->asked.is_row_as_seen_on_standby=0; r->asked.knows_step=0; }
    if (!STEPS) { r->is_row_as_seen = r->is_row_as_seen_on_standby = 0; }
    if (!TRACKER) r->asked.has_contact = 0;
    if (!STEPS && !FAILOVERS && !TRACKER) r->has_looked = 0;
    if (STEPS) {
      if (!r->is_row_as_seen && !r->is_row_as_seen_on_standby) r->row_for = r->is_age_doubtful = 0;
      if (!may_step && r->seen_hour == now.clock_hour && !r->is_age_doubtful && now.db.row_hour <= now.clock_hour) r->row_for = 0, r->is_row_as_seen = 0;
      if (!STEPS_FORWARD) r->has_seen_step = r->asked.knows_step = r->late.knows_step = 0;
      if (!TRACKER && !r->is_row_as_seen && !may_step) { r->seen_hour = now.clock_hour; }
    }
  }
  for (i = 1; i <= TERMS; i++) if (GONE(i)) now.ran_to_end[i] = 0;
  if (STEPS && !may_step_back) {
    if (now.db.acquired_hour < now.clock_hour) now.db.acquired_hour = now.clock_hour;
    if (now.db.released_hour < now.clock_hour) now.db.released_hour = now.clock_hour;
    if (now.db.due_hour < now.clock_hour) now.db.due_hour = now.clock_hour, now.db.is_past_due = 1;
    if (now.db.quarantine_hour < now.clock_hour) now.db.quarantine_hour = now.clock_hour, now.db.quarantine = 0;
  }
  } }
#if REPLICAS == 2
inline tidy() { forget(); c_code { SWAP(0, 1) } }
#else
inline tidy() { forget(); c_code { SWAP(0, 1) SWAP(1, 2) SWAP(0, 1) } }
#endif
#else
inline tidy() { skip }
#endif
