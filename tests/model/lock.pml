/* The run lock of groomer, as src/lock/README.md tells it and src/lock, src/reconcile and src/store/migrations have it.
   README.md beside this file says what is checked, in which bounds, and what is not modelled. */

#include "bounds.pml"
#include "rules.pml"
#include "state.pml"
#include "properties.pml"
#include "tidy.pml"
#include "database.pml"
#include "statement.pml"
#include "quarantine.pml"
#include "acquire.pml"
#include "release.pml"
#include "hold.pml"
#include "observe.pml"
#include "fence.pml"
#include "tracker.pml"
#include "environment.pml"
#include "faults.pml"

proctype Groomer(byte me) {
  do
  :: look(me, 0)
  :: look(me, 1)
  :: database_executes(me)
  :: reply_arrives(me)
  :: give_up(me)
  :: late_statement(me)
  :: renew(me)
  :: end_tick(me, 0)
  :: end_tick(me, 1)
  :: fenced_write(me)
  :: prove(me)
  :: tracker_write(me)
  :: crash(me, 0)
  :: crash(me, 1)
  od
}

proctype World() {
  do
  :: time_passes()
  :: due_time_passes()
  :: request_comes()
  :: effect_lands(1)
  :: effect_lands(2)
#if TERMS + FAILOVERS > 2
  :: effect_lands(3)
#endif
#if TERMS + FAILOVERS > 3
  :: effect_lands(4)
#endif
#if TERMS + FAILOVERS > 4
  :: effect_lands(5)
#endif
  :: row_is_deleted(0)
  :: row_is_deleted(1)
  :: clock_steps_back()
  :: clock_steps_forward()
  :: failover(0)
  :: failover(1)
  :: server_crash()
  od
}

/* The migration leaves the lock clean and due. */
init {
  atomic {
    clock_hour = STEPS_BACK;
    db.clean = 1; db.is_past_due = 1; db.is_owed = 1;
    db.acquired_hour = clock_hour; db.released_hour = clock_hour; db.due_hour = clock_hour; db.quarantine_hour = clock_hour;
    if
    :: FAILOVERS || SERVER_CRASHES -> copy_database(db, standby)
    :: else
    fi;
    run Groomer(0);
    run Groomer(1);
#if REPLICAS > 2
    run Groomer(2);
#endif
    run World()
  }
}
