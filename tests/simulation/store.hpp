// groomer's way to the lock's part of the database, through the world's network. It notes what each reply tells the process
// of its hold, and strikes where the world wants it.
#pragma once

#include "simulation/process.hpp"

#include <memory>

namespace groomer::simulation {

std::unique_ptr<lock::LockStore> make_store(Process& process);

}  // namespace groomer::simulation
