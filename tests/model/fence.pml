/* Fenced writes to groomer's own tables: GROOMER_FENCED in store.hpp.

   The fence is taken where both tokens are those of the hold, and kept to the commit. The statement of a hold that is over
   may still come: last_term remembers it. One fenced write at a time stands for many: each has its own fence. */

inline fenced_write(me) {
  if
  :: d_step {
       FENCED_WRITES && replica[me].last_term != 0 && replica[me].fence == 0 &&
       db.row == replica[me].last_term && db.state_token == replica[me].last_term ->
       printf("database: a write of term %d passes the fence\n", replica[me].last_term);
       replica[me].fence = replica[me].last_term;
       tidy()
     }
  :: d_step {
       replica[me].fence != 0 ->
       printf("database: a write of term %d is committed\n", replica[me].fence);
       CHECK_FENCED(replica[me].fence);
       replica[me].fence = 0;
       tidy()
     }
  fi
}
