/* Writes to a tracker that cannot refuse an older term: GitHub. (The file tracker refuses, and needs none of this.)

   A write begins while it has the time before the deadline, with a proof that is fresh and no quarantine; it takes effect
   at any time within its limit and `settle` after that, or was lost. One write of a hold at a time stands for many: what
   counts is the latest effect.

   Worst is a newer effect that lands at once and an older one that lands last. So the order holds if, and only if, a write
   begins while no effect of an older term is under way and no newer term has begun one: that is what is checked.

   A pause between this check and the socket is what README.md names as not guaranteed: check and beginning are one step. */

inline tracker_write(me) {
  d_step {
    TRACKER && replica[me].term != 0 && replica[me].deadline >= WRITE && replica[me].quarantine == 0 &&
    (replica[me].proof_age <= PROOF || !WRITES_NEED_PROOF) && effect_due[replica[me].term] == 0 ->
    printf("replica %d begins a write to the tracker in term %d\n", me, replica[me].term);
    CHECK_TRACKER_ORDER(replica[me].term);
    newest_writer = replica[me].term;
    effect_due[replica[me].term] = LANDS;
    tidy()
  }
}

/* The token is read. That the reply is slow only makes the proof older. */
inline prove(me) {
  d_step {
    TRACKER && WRITES_NEED_PROOF && replica[me].term != 0 && replica[me].proof_age > 0 ->
    if
    :: db.row == replica[me].term && db.state_token == replica[me].term -> replica[me].proof_age = 0
    :: else -> lose_hold(me)
    fi;
    tidy()
  }
}

/* It lands, and is answered. Only its holder minds when, since only a release tells whether all was answered; or the last
   moment has come. */
inline effect_lands(of_term) {
  d_step {
    TRACKER && effect_due[of_term] > 0 && (effect_due[of_term] == 1 || IS_HELD_BY_SOMEBODY(of_term)) ->
    printf("tracker: an effect of term %d lands\n", of_term);
    effect_due[of_term] = 0;
    tidy()
  }
}
