#include "chaos/postgres.hpp"

#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace groomer::chaos {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto patience = 30s;

bool accepts(std::string const& path) {
    int const descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    bool const good = ::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(descriptor);
    return good;
}

template <class Condition>
void until(Condition condition, std::string const& what) {
    auto const end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) throw std::runtime_error{what};
        std::this_thread::sleep_for(20ms);
    }
}

bool answers(Postgres const& server) {
    try {
        return server.connect().value("SELECT 1") == "1";
    } catch (std::runtime_error const&) {
        return false;
    }
}

}  // namespace

std::string server_user() { return ::geteuid() == 0 ? "postgres" : ""; }

void give_to_server(std::string const& path) {
    if (::geteuid() != 0) return;
    auto const* user = ::getpwnam("postgres");
    if (user == nullptr || ::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0)
        throw std::runtime_error{"cannot give " + path + " to the user postgres"};
}

void make_template(Programs const& programs, std::string const& folder) {
    fs::create_directories(folder);
    give_to_server(folder);
    run_to_end({{programs.postgres_folder + "/initdb", "-D", folder + "/data", "-U", "postgres", "--auth=trust", "--no-locale", "-E",
                 "UTF8", "--no-sync", "--wal-segsize=4"},
                folder + ".log",
                {},
                server_user()},
               60s);
    std::string const create = "CREATE DATABASE " + std::string{database_name};
    run_to_end(
        {{"/bin/sh", "-c", "echo '" + create + "' | " + programs.postgres_folder + "/postgres --single -D " + folder + "/data postgres"},
         folder + ".log",
         {},
         server_user()},
        60s);
}

Postgres::Postgres(Programs programs, std::string folder, std::string const& template_folder)
    : programs_{std::move(programs)}, folder_{std::move(folder)} {
    fs::create_directories(folder_);
    give_to_server(folder_);
    run_to_end({{"/bin/cp", "-a", template_folder + "/data", data()}, folder_ + ".log", {}, server_user()}, patience);
    start();
}

Postgres::Postgres(Programs programs, std::string folder, Postgres& primary) : programs_{std::move(programs)}, folder_{std::move(folder)} {
    fs::create_directories(folder_);
    give_to_server(folder_);
    run_to_end({{programs_.postgres_folder + "/pg_basebackup", "-h", primary.folder_, "-U", "postgres", "-D", data(), "--checkpoint=fast",
                 "--wal-method=stream", "--write-recovery-conf", "--no-sync"},
                folder_ + ".log",
                {},
                server_user()},
               patience);
    start();
    until([&] { return primary.connect().value("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1"; },
          "the standby does not stream, see " + folder_ + ".log");
}

Postgres::~Postgres() {
    if (!server_ || !server_->running()) return;
    server_->signal(SIGQUIT);
    server_->wait(10s);
}

// fsync: no machine crashes here, and what a server has written before it is killed is kept by the kernel.
void Postgres::start() {
    std::vector<std::string> arguments{programs_.postgres_folder + "/postgres", "-D", data()};
    for (auto const* setting : {"listen_addresses=", "port=5432", "fsync=off", "track_commit_timestamp=on", "wal_level=replica",
                                "max_wal_senders=4", "hot_standby=on", "max_connections=200", "shared_buffers=32MB", "max_wal_size=128MB",
                                "min_wal_size=16MB", "wal_keep_size=64MB", "jit=off", "log_line_prefix=%m [%p] %a "}) {
        arguments.emplace_back("-c");
        arguments.emplace_back(setting);
    }
    arguments.emplace_back("-c");
    arguments.push_back("unix_socket_directories=" + folder_);
    server_ = std::make_unique<Child>(Command{arguments, folder_ + ".log", {}, server_user(), "QUIT"});
    until(
        [&] {
            if (!server_->running()) throw std::runtime_error{"a server did not start, see " + folder_ + ".log"};
            return answers(*this);
        },
        "a server does not answer, see " + folder_ + ".log");
}

void Postgres::stop(Stop how) {
    server_->signal(how == Stop::fast ? SIGINT : SIGQUIT);
    if (!server_->wait(patience)) throw std::runtime_error{"a server does not stop, see " + folder_ + ".log"};
    server_.reset();
}

void Postgres::freeze_standby() {
    auto database = connect();
    database.query("ALTER SYSTEM SET primary_conninfo = ''");
    database.query("SELECT pg_reload_conf()");
    until([&] { return database.value("SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'") == "0"; },
          "the standby streams on, see " + folder_ + ".log");
}

void Postgres::promote() {
    auto database = connect();
    database.query("SELECT pg_promote(true, 30)");
    until([&] { return database.value("SELECT pg_is_in_recovery()") == "f"; }, "the standby is not promoted");
}

std::vector<pid_t> Postgres::processes(std::string const& pod) const {
    std::vector<pid_t> out;
    auto database = connect();
    // The postmaster first: it would start others in their place.
    if (pod.empty()) out.push_back(server_->pid());
    auto const whose = pod.empty() ? "pid <> pg_backend_pid()" : "application_name LIKE 'groomer/%/" + pod + "'";
    for (auto const& row : database.query("SELECT pid FROM pg_stat_activity WHERE " + whose)) out.push_back(std::stoi(*row.at(0)));
    return out;
}

Bouncer::Bouncer(Programs const& programs, std::string folder, Postgres const& server) : folder_{std::move(folder)} {
    fs::create_directories(folder_);
    give_to_server(folder_);
    auto const file = folder_ + "/pgbouncer.ini";
    std::ofstream{file} << "[databases]\n"
                        << database_name << " = host=" << server.socket_folder() << " port=5432 dbname=" << database_name
                        << " user=postgres\n[pgbouncer]\nlisten_port = 6432\nunix_socket_dir = " << folder_
                        << "\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 30\nmax_client_conn = 300\n"
                        << "ignore_startup_parameters = extra_float_digits\nserver_login_retry = 0.2\n";
    process_ = std::make_unique<Child>(Command{{programs.pgbouncer, file}, folder_ + ".log", {}, server_user()});
    until([&] { return accepts(socket_path()); }, "PgBouncer does not answer, see " + folder_ + ".log");
}

}  // namespace groomer::chaos
