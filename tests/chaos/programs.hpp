// Where the programs are that the fault runs need; an empty path says that one is missing.
#pragma once

#include <string>

namespace groomer::chaos {

struct Programs {
    std::string postgres_folder;  // with initdb, postgres, pg_basebackup
    std::string pgbouncer;
    std::string faketime;  // the library
};

Programs find_programs();

}  // namespace groomer::chaos
