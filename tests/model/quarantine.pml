/* Quarantine: how long a new holder waits before its first write to a tracker. Acquire sets it before it writes its own
   token, and returns what is left of it. Only where the tracker is modelled. */

#define IS_FREE (db.row == 0)
#define IS_CLEAN (db.clean || !DELETE_IS_UNCLEAN)
#define IS_HERE(s) (db.cluster == s.seen_cluster || !CARE_FOR_FREE_ROWS)
#define AN_HOUR 15

/* Time has made it clean, if the bidder has seen it free for as long as the wait would be. */
#define WAS_RELEASED_LONG_AGO (db.released_hour < clock_hour || (db.released_hour == clock_hour && db.released_for == UNCLEAN))
#define IS_CLEANED_BY_TIME(s) \
  (TIME_CLEANS && db.state_token == 0 && db.cluster == s.seen_cluster && s.has_contact && WAS_RELEASED_LONG_AGO)

/* No write began after the end of the hold that it belongs to, which is past. */
#define WRITERS_ENDED_IN_TIME(s) \
  ((IS_FREE && IS_CLEAN) || (!IS_FREE && s.ground == EXPIRED && (s.has_contact || !LONG_CONTACT)))

inline wait_for_earlier_writes(s) {
  if
  :: IS_FREE && ((IS_CLEAN && IS_HERE(s)) || IS_CLEANED_BY_TIME(s)) -> wait = 0
  :: else -> wait = (WRITERS_ENDED_IN_TIME(s) || !UNCLEAN_WAITS_LONGER -> SETTLE : UNCLEAN)
  fi;
  if
  :: !IS_FREE && !QUARANTINE_FROM_ACQUIRE -> wait = (db.row_hour == clock_hour -> TTL + wait - db.age : 0)
  :: else
  fi
}

/* greatest(quarantine_until, now + wait), unless the clock went back: then what is stored means nothing. */
inline set_quarantine(s) {
  if
  :: TRACKER && QUARANTINE ->
     wait_for_earlier_writes(s);
     if
     :: WENT_BACK && BACK_RENEWS_QUARANTINE -> wait = UNCLEAN
     :: else ->
        if
        :: db.quarantine_hour > clock_hour -> wait = AN_HOUR
        :: db.quarantine_hour == clock_hour && db.quarantine > wait && QUARANTINE_IS_CARRIED -> wait = db.quarantine
        :: else
        fi
     fi;
     MUST(takeable, wait <= UNCLEAN);
     db.quarantine = wait; db.quarantine_was = (STEPS_BACK -> wait : 0); db.quarantine_hour = clock_hour;
     s.quarantine = wait;
     wait = 0
  :: else
  fi
}
