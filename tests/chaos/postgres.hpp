// A PostgreSQL server under the driver's control: its own cluster, reached by its socket alone; restarted, crashed,
// copied as an asynchronous standby, promoted.
#pragma once

#include "chaos/child.hpp"
#include "chaos/database.hpp"
#include "chaos/programs.hpp"

#include <memory>
#include <string>
#include <vector>

namespace groomer::chaos {

inline constexpr char const* database_name = "chaos";

// An empty cluster with an empty database of that name, to be copied.
void make_template(Programs const& programs, std::string const& folder);

// Gives a folder to the user that the servers run as, where that is another.
void give_to_server(std::string const& path);
std::string server_user();

class Postgres {
public:
    enum class Stop { fast, immediate };

    // A copy of the template, started.
    Postgres(Programs programs, std::string folder, std::string const& template_folder);
    // A standby of a running server, streaming.
    Postgres(Programs programs, std::string folder, Postgres& primary);
    ~Postgres();
    Postgres(Postgres const&) = delete;
    Postgres& operator=(Postgres const&) = delete;

    void start();
    void stop(Stop how);
    // The walreceiver ends: what the primary writes from now on is missed.
    void freeze_standby();
    void promote();

    // Of the whole server, or those that serve one replica.
    [[nodiscard]] std::vector<pid_t> processes(std::string const& pod) const;

    [[nodiscard]] std::string socket_folder() const { return folder_; }
    [[nodiscard]] std::string socket_path() const { return folder_ + "/.s.PGSQL.5432"; }
    [[nodiscard]] Database connect() const { return Database{folder_, database_name}; }

private:
    [[nodiscard]] std::string data() const { return folder_ + "/data"; }

    Programs programs_;
    std::string folder_;
    std::unique_ptr<Child> server_;
};

// PgBouncer in transaction mode before a server.
class Bouncer {
public:
    Bouncer(Programs const& programs, std::string folder, Postgres const& server);

    [[nodiscard]] std::string socket_path() const { return folder_ + "/.s.PGSQL.6432"; }
    [[nodiscard]] Child& process() { return *process_; }

private:
    std::string folder_;
    std::unique_ptr<Child> process_;
};

}  // namespace groomer::chaos
