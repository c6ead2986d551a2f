# installed: the hands of tests/installed: packages, the agent in the machine, the clients outside.
# shellcheck shell=bash disable=SC2154,SC2034,SC2015 # shared with who sources it; "or die"

# -- packages ------------------------------------------------------------------------------------

# build_old TARGET: the same sources as version 0.0.9, into build/installed.
build_old() {
    local build=build/installed/$1
    echo 'set(PROJECT_VERSION 0.0.9)' >build/installed/old.cmake
    cmake --preset "$1" -B "$build" \
        -DCMAKE_PROJECT_berth_INCLUDE="$root/build/installed/old.cmake" &&
        cmake --build "$build" &&
        (cd "$build" && umask 022 && cpack -G DEB -R 0.0.9 -B "$root/build/installed")
}

packages_make() {
    local target architecture version
    target=$(uname -m)-musl architecture=$(dpkg --print-architecture)
    version=$(sed -n 's/^project(berth VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
    new=${BERTH_DEB:-build/packages/berth_$version-1_$architecture.deb}
    old=${BERTH_OLD_DEB:-build/installed/berth_0.0.9-1_$architecture.deb}
    [[ -n ${BERTH_DEB:-} ]] || ports/packaging/make "$target" >"$dir/make.log" 2>&1 ||
        die "no package: $(tail -n 5 "$dir/make.log")"
    [[ -n ${BERTH_OLD_DEB:-} ]] || build_old "$target" >"$dir/make.log" 2>&1 ||
        die "no older package: $(tail -n 5 "$dir/make.log")"
    cp "$new" "$machine/srv/new.deb" && cp "$old" "$machine/srv/old.deb" || die "no $new or $old"
}

# install old|new: as an administrator does.
install_package() {
    inside apt-get install --yes --quiet --allow-downgrades "/srv/$1.deb" >"$dir/apt.log" 2>&1 || {
        cat "$dir/apt.log"
        return 1
    }
    installed=$1
}

other() { [[ $installed == old ]] && echo new || echo old; }

# -- the agent and its containers --------------------------------------------------------------

ctl() { inside berthctl "$@"; }

main_pid() { inside systemctl show --property MainPID --value berthd.service; }

# runs old|new: the unit is active, and it is the program of that package that answers.
runs() {
    local version
    version=$(dpkg-deb --field "$machine/srv/$1.deb" Version)
    echo "unit: $(inside systemctl is-active berthd.service), version $(status .version)"
    inside systemctl --quiet is-active berthd.service &&
        wait_until 20 agent_is_up && [[ $(status .version) == "${version%-*}" ]]
}

# Every container, whoever made it, with its id and the instant it was started.
containers() {
    inside sh -c "docker ps --all --quiet --no-trunc | xargs -r docker inspect \\
        --format '{{.Id}} {{.State.StartedAt}} {{.State.Status}}'" | sort
}

serves() {
    [[ $(ip netns exec "$space" curl --silent --max-time 2 "http://$host:$port/") == "web $1" &&
        $(ip netns exec "$machine_name" curl --silent --max-time 2 "http://127.0.0.1:$port/") == "web $1" ]]
}

# release_next VERSION [NAME=VALUE ...]: the next release, where berthctl in the machine finds it.
sequence=0
release_next() {
    sequence=$((sequence + 1))
    tag=1 release_make release "$1" $sequence "${@:2}"
    cp "$dir/release" "$machine/srv/release"
}

# One client outside, one on the machine itself; new and kept connections.
clients_begin() {
    load_start site elsewhere --target "$host:$port"
    space=$machine_name load_start own elsewhere --target "127.0.0.1:$port"
    load_wait
}

clients_end() {
    load_stop
    check "$1: $(load_sum .requests) requests, $(load_sum .failed) failed" clients_were_served
}

clients_were_served() {
    local key
    for key in "${load_ended[@]}"; do
        head -n 5 "$dir/load/$key.err"
        [[ $(jq .failed "$dir/load/$key.json") == 0 && $(jq .ok "$dir/load/$key.json") -gt 100 ]] ||
            return 1
    done
}
