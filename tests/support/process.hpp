// A child process of a test: started with its output in a file, signalled by its pid alone, killed at the end.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace groomer::test {

class Process {
public:
    // Output (both streams) goes to `output`; the environment is the caller's with `variables` on top.
    Process(std::vector<std::string> const& arguments, std::string output, std::map<std::string, std::string> const& variables = {});
    ~Process();
    Process(Process const&) = delete;
    Process& operator=(Process const&) = delete;

    [[nodiscard]] int pid() const { return pid_; }
    void signal(int number) const;
    // Its exit status (128 + signal for a killed one), or nothing if it runs on after `limit`.
    std::optional<int> wait(std::chrono::milliseconds limit);
    [[nodiscard]] bool running();
    [[nodiscard]] std::string output() const;
    // Resident memory in KiB.
    [[nodiscard]] long resident() const;
    // Waits until the output has `text`; false if it has not after `limit`.
    [[nodiscard]] bool says(std::string const& text, std::chrono::milliseconds limit) const;

private:
    std::string output_;
    int pid_ = -1;
    std::optional<int> status_;
};

// The status of a GET on 127.0.0.1; 0 where nobody answers.
int http_get(unsigned short port, std::string const& path, std::string* body = nullptr);

}  // namespace groomer::test
