#include "chaos/child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <thread>

namespace groomer::chaos {
namespace {

using namespace std::chrono_literals;

// Through setpriv: the death signal must be set by the process itself, after its change of user.
std::vector<std::string> full_arguments(Command const& command) {
    std::vector<std::string> out{"/usr/bin/setpriv", "--pdeathsig", command.death};
    if (!command.user.empty() && ::geteuid() == 0)
        out.insert(out.end(), {"--reuid", command.user, "--regid", command.user, "--init-groups"});
    out.emplace_back("--");
    out.insert(out.end(), command.arguments.begin(), command.arguments.end());
    return out;
}

// Ours, without what groomer would read as its own settings, or libpq as its.
std::vector<std::string> environment(std::map<std::string, std::string> const& variables) {
    std::vector<std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string const text = *entry;
        if (!text.starts_with("GROOMER_") && !text.starts_with("PG")) out.push_back(text);
    }
    for (auto const& [name, value] : variables) out.push_back(name + "=" + value);
    return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (auto& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

}  // namespace

Child::Child(Command const& command) {
    auto arguments = full_arguments(command);
    auto variables = environment(command.variables);
    auto argv = pointers(arguments), envp = pointers(variables);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, command.output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    // A group of its own: Ctrl-C is the driver's to hear, which then ends its children in order.
    ::posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    int const error = ::posix_spawn(&pid_, argv[0], &actions, &attributes, argv.data(), envp.data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (error != 0) throw std::runtime_error{"cannot start " + command.arguments.front()};
}

Child::~Child() {
    if (!running()) return;
    signal(SIGKILL);
    wait(10s);
}

void Child::signal(int number) const {
    if (!status_) ::kill(pid_, number);
}

bool Child::stopped() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
}

std::optional<int> Child::wait(milliseconds limit) {
    auto const end = std::chrono::steady_clock::now() + limit;
    while (!status_) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        else if (std::chrono::steady_clock::now() >= end) return std::nullopt;
        else std::this_thread::sleep_for(2ms);
    }
    return status_;
}

void run_to_end(Command const& command, milliseconds limit) {
    Child child{command};
    auto const status = child.wait(limit);
    if (status != 0)
        throw std::runtime_error{command.arguments.front() + (status ? " ended with " + std::to_string(*status) : " did not end") +
                                 ", see " + command.output};
}

}  // namespace groomer::chaos
