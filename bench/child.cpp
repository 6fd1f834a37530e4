#include "child.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace groomer::bench {
namespace {

std::vector<std::string> merged_environment(std::map<std::string, std::string> const& variables) {
    std::vector<std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string const text = *entry;
        if (!variables.count(text.substr(0, text.find('=')))) out.push_back(text);
    }
    for (auto const& [name, value] : variables) out.push_back(name + "=" + value);
    return out;
}

std::vector<char*> pointers(std::vector<std::string> const& texts) {
    std::vector<char*> out;
    for (auto const& text : texts) out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
}

// redirect: between fork and exec, so only what is safe there.
int spawn(std::vector<std::string> const& arguments, std::map<std::string, std::string> const& variables,
          std::function<void()> const& redirect) {
    auto const environment = merged_environment(variables);
    auto const argv = pointers(arguments), envp = pointers(environment);
    int const parent = ::getpid();
    int const pid = ::fork();
    if (pid < 0) throw std::runtime_error{"fork failed"};
    if (pid > 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(126);
    redirect();
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
}

}  // namespace

double resident_mib(int pid) {
    std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
    throw std::runtime_error{"process " + std::to_string(pid) + " is gone"};
}

Child::Child(std::vector<std::string> const& arguments, std::string const& output, std::map<std::string, std::string> const& variables) {
    int const file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) throw std::runtime_error{output + " cannot be written"};
    pid_ = spawn(arguments, variables, [file] {
        ::dup2(file, STDOUT_FILENO);
        ::dup2(file, STDERR_FILENO);
    });
    ::close(file);
}

Child::~Child() {
    if (!running()) return;
    signal(SIGKILL);
    wait();
}

void Child::signal(int number) const {
    if (pid_ > 0) ::kill(pid_, number);
}

void Child::wait() {
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

bool Child::running() {
    if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) != 0) pid_ = -1;
    return pid_ > 0;
}

double Child::resident_mib() const { return bench::resident_mib(pid_); }

Peer::Peer(Setup const& setup, std::string const& script, std::vector<std::string> const& arguments) : name_{script} {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error{"pipe failed"};
    std::vector<std::string> command{setup.node.string(), (setup.peers / script).string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    pid_ = spawn(command, {}, [&] {
        ::dup2(in[0], STDIN_FILENO);
        ::dup2(out[1], STDOUT_FILENO);
    });
    ::close(in[0]);
    ::close(out[1]);
    to_ = in[1];
    from_ = out[0];
    read_line();  // it is ready
}

Peer::~Peer() {
    kill();
    ::close(to_);
    ::close(from_);
}

void Peer::kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

std::string Peer::read_line() {
    for (;;) {
        if (auto const end = buffer_.find('\n'); end != std::string::npos) {
            auto line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        char chunk[65536];
        auto const n = ::read(from_, chunk, sizeof chunk);
        if (n <= 0) throw std::runtime_error{"the peer " + name_ + " has ended"};
        buffer_.append(chunk, static_cast<std::size_t>(n));
    }
}

boost::json::object Peer::ask(boost::json::object const& request) {
    auto const line = boost::json::serialize(request) + "\n";
    if (::write(to_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        throw std::runtime_error{"the peer " + name_ + " does not listen"};
    auto answer = boost::json::parse(read_line()).as_object();
    if (auto const* error = answer.if_contains("error")) throw std::runtime_error{name_ + ": " + std::string{error->as_string()}};
    return answer;
}

Samples Peer::samples(std::string const& what, std::size_t n) {
    auto const answer = ask({{"do", what}, {"n", n}});
    return boost::json::value_to<Samples>(answer.at("samples"));
}

double Peer::resident_mib() const { return bench::resident_mib(pid_); }

std::string await_output(Child& child, std::filesystem::path const& output, std::string const& text, std::chrono::nanoseconds patience) {
    using namespace std::chrono_literals;
    using std::chrono::steady_clock;
    for (auto const end = steady_clock::now() + patience; steady_clock::now() < end; std::this_thread::sleep_for(10ms)) {
        bool const running = child.running();
        std::ifstream file{output};
        std::ostringstream written;
        written << file.rdbuf();
        auto const all = written.str();
        if (all.find(text) != std::string::npos) return all;
        if (!running) throw std::runtime_error{"it ended: " + all.substr(all.size() > 500 ? all.size() - 500 : 0)};
    }
    throw std::runtime_error{"it did not come so far in time"};
}

}  // namespace groomer::bench
