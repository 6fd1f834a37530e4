// Decisions asked of the fake model server.
#pragma once

#include "groom/groomer.hpp"

#include <string>

namespace groomer::chaos {

groom::Model make_remote_model(unsigned short port, std::string pod);

}  // namespace groomer::chaos
