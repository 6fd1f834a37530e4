// Processes that a figure starts: replicas, and peers that answer a line of JSON with a line of JSON. They end with it.
#pragma once

#include "report.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace groomer::bench {

class Child {
public:
    // Both output streams go to the file `output`; the environment is the caller's with `variables` on top. Start it from a
    // thread that outlives it: it is killed when that thread ends.
    Child(std::vector<std::string> const& arguments, std::string const& output, std::map<std::string, std::string> const& variables = {});
    ~Child();  // killed, if it runs
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;

    void signal(int number) const;
    void wait();
    [[nodiscard]] bool running();
    [[nodiscard]] int pid() const { return pid_; }
    [[nodiscard]] double resident_mib() const;

private:
    int pid_ = -1;
};

// Waits until a process has written `text` to its output; returns all that it has written. Throws where it ends, or takes too long.
std::string await_output(Child& child, std::filesystem::path const& output, std::string const& text, std::chrono::nanoseconds patience);

// A script of bench/peers that answers requests.
class Peer {
public:
    Peer(Setup const& setup, std::string const& script, std::vector<std::string> const& arguments);
    ~Peer();
    Peer(Peer const&) = delete;
    Peer& operator=(Peer const&) = delete;

    boost::json::object ask(boost::json::object const& request);  // throws what it answers as an error
    Samples samples(std::string const& what, std::size_t n);
    void kill();
    [[nodiscard]] double resident_mib() const;

private:
    std::string read_line();

    std::string name_, buffer_;
    int to_ = -1, from_ = -1, pid_ = -1;
};

double resident_mib(int pid);

}  // namespace groomer::bench
