// The program that is killed: carries the steps of a file out on the tracker, as groom::apply does. Returns its exit status.
#pragma once

#include <string>

namespace groomer::github_faults {

int run_writer(std::string const& path);

}  // namespace groomer::github_faults
