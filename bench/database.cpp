#include "database.hpp"

#include "store/store.hpp"

namespace groomer::bench {
namespace {

// postgresql://user@/NAME?host=DIR from postgresql://user@/postgres?host=DIR
std::string with_database(std::string const& url, std::string const& name) {
    auto const question = url.find('?');
    auto const slash = url.rfind('/', question);
    return url.substr(0, slash + 1) + name + url.substr(question);
}

// What must stand alone in its message: CREATE and DROP DATABASE.
void alone(std::string const& url, std::string const& sql) {
    pg::Session session{{url, "", "groomer-bench"}};
    session.run({"bench", sql, pg::bounds_itself}, {});
}

}  // namespace

Database::Database(std::string const& server_url, std::string const& name)
    : server_url_{server_url}, name_{"bench_" + name}, url_{with_database(server_url, name_)} {
    alone(server_url_, "DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
    alone(server_url_, "CREATE DATABASE " + name_);
    session_ = std::make_unique<pg::Session>(pg::ConnectOptions{url_, "", "groomer-bench"});
    pg::try_migrate(*session_, store::migrations());
}

Database::~Database() {
    session_.reset();
    try {
        alone(server_url_, "DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (std::exception const&) {  // the server may be gone; the next run drops it
    }
}

std::string Database::url_of(std::string const& role) const {
    auto const begin = url_.find("//") + 2;
    return url_.substr(0, begin) + role + url_.substr(url_.find('@'));
}

pg::Rows Database::query(std::string const& sql) { return session_->run({"bench", sql, pg::bounds_itself}, {}); }

}  // namespace groomer::bench
