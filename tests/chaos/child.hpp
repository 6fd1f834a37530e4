// A process of the driver's: it inherits no descriptor but its output, dies with the thread that started it, and is
// signalled by its pid alone.
#pragma once

#include "chaos/moment.hpp"

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace groomer::chaos {

struct Command {
    std::vector<std::string> arguments;
    std::string output;  // file that both streams are appended to
    std::map<std::string, std::string> variables = {};
    std::string user = {};       // where the driver is root: whose process it is to be
    std::string death = "KILL";  // the signal that it gets when its thread ends
};

class Child {
public:
    explicit Child(Command const& command);
    ~Child();
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    void signal(int number) const;
    // Its exit status (128 + signal for a killed one), or nothing if it runs on after `limit`.
    std::optional<int> wait(milliseconds limit);
    [[nodiscard]] bool stopped() const;  // by SIGSTOP
    [[nodiscard]] bool running() { return !wait(milliseconds{0}); }

private:
    pid_t pid_ = -1;
    std::optional<int> status_;
};

// Runs it to its end; throws std::runtime_error where that is not 0.
void run_to_end(Command const& command, milliseconds limit);

}  // namespace groomer::chaos
