// Who this process is: its pod, its slot (who comes back after a crash), and one run of it.
#pragma once

#include "base/log.hpp"
#include "lock/lock_store.hpp"

#include <map>
#include <string>

namespace groomer::app {

// Holds the slot's file lock for life; a predecessor in the same slot is dead once it is ours.
class Slot {
public:
    // From GROOMER_POD_UID, GROOMER_CONTAINER and GROOMER_SLOT_DIR: without any of them, or where the file is taken, the
    // name is empty and there is no reclaim.
    Slot(std::map<std::string, std::string> const& environment, Log& log);
    ~Slot();
    Slot(Slot const&) = delete;
    Slot& operator=(Slot const&) = delete;
    [[nodiscard]] std::string const& name() const { return name_; }

private:
    std::string name_;
    int file_ = -1;
};

// POD_NAME, or the host's name.
std::string pod_name(std::map<std::string, std::string> const& environment);

enum class Role { replica, command };

// What a session is called in pg_stat_activity: groomer/VERSION/POD, which counts as a replica, or groomer-command/VERSION/POD. PostgreSQL
// keeps 63 bytes of it, and of these the printable ASCII: a pod's name that is more than that is cut, and told from others by a digest.
std::string session_name(Role role, std::string const& version, std::string const& pod);

lock::Identity make_identity(std::map<std::string, std::string> const& environment, Slot const& slot);

}  // namespace groomer::app
