# Trees: copies of the tree, built at -O1 with the sanitizers, in which mutants are compiled and tried.
# In one more copy every function of `agent/` notes that it was reached: it tells which test can kill what.
package Trees;
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use JSON::PP qw(decode_json);
use POSIX qw(:sys_wait_h setpgid);
use Time::HiRes qw(time sleep);
use Sites;

# Killers: what needs neither the engine nor a program of ours in its whole.
my $LABELS = qr/^(?:unit|linux|root)$/;
my $FLAGS = '-O1 -Werror=int-conversion -Werror=incompatible-pointer-types'
    . ' -Werror=implicit-function-declaration';
my $NOTES = 199; # the descriptor that reached functions are written to
my $QUICK = 10; # seconds of the processor: a test that takes more is long

# What a function of the copy that takes notes does first. The first of a process is enough.
my $REACHED = <<"C";
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>
#define REACHED(name) do { static char is_noted; if (!is_noted) { int reached_errno = errno; is_noted = 1; \\
    syscall(SYS_write, $NOTES, name "\\n", sizeof name); errno = reached_errno; } } while (0);
C

sub noted {
    my ($file, $text) = @_;
    for my $function (sort { $b->[0] <=> $a->[0] } Sites::functions(Sites::mask($text))) {
        substr($text, $function->[0] + 1, 0) = qq{ REACHED("$file:$function->[2]") };
    }
    return qq{#include "agent/reached.h"\n#line 1\n$text};
}

# A copy of what git knows and of what is not committed yet. A directory that holds one already is
# brought up to date: a file with the same text keeps its date, so that little is built again.
sub new {
    my ($class, $root, $dir, $option) = @_;
    my $self = bless {root => $root, dir => $dir, option => $option, source => "$dir/tree", build => "$dir/build"}, $class;
    make_path($self->{source}, "$dir/tmp");
    my %wanted;
    for my $file (split /\0/, qx{cd '$root' && git ls-files -z --cached --others --exclude-standard}) {
        next unless -f "$root/$file";
        my $copy = "$self->{source}/$file";
        $wanted{$copy} = 1;
        make_path(dirname($copy));
        my $text = slurp("$root/$file");
        $text = noted($file, $text) if $option->{notes} && $file =~ m{^agent/.*\.c$};
        next if -f $copy && slurp($copy) eq $text;
        spew($copy, $text);
        chmod((stat "$root/$file")[2] & 0777, $copy);
    }
    if ($option->{notes}) {
        $wanted{"$self->{source}/agent/reached.h"} = 1;
        spew("$self->{source}/agent/reached.h", $REACHED) unless -f "$self->{source}/agent/reached.h";
    }
    for my $old (split /\n/, qx{find '$self->{source}' -type f}) {
        unlink $old unless $wanted{$old};
    }
    $ENV{BERTH_DEPS} = "$root/build/deps" unless defined $ENV{BERTH_DEPS};
    my $linker = grep({ -x "$_/mold" } split /:/, $ENV{PATH}) ? ' -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=mold' : '';
    @ENV{qw(CCACHE_BASEDIR CCACHE_NOHASHDIR)} = ($dir, 1);
    command("cmake -S '$self->{source}' -B '$self->{build}' -G Ninja -DCMAKE_BUILD_TYPE=None"
        . " -DBERTH_SANITIZE=ON$linker"
        . " -DCMAKE_C_FLAGS='$FLAGS'", "$dir/configure.log");
    $self->read_tests;
    $self->read_compilers;
    return $self;
}

sub command {
    my ($line, $log) = @_;
    return if system("{ $line; } > '$log' 2>&1") == 0;
    system('tail', '-n', '20', $log);
    die "mutate: this failed: " . substr($line, 0, 200) . "\n";
}

sub slurp {
    my ($path) = @_;
    open my $file, '<', $path or die "mutate: open $path: $!\n";
    local $/;
    return scalar <$file>;
}

sub spew {
    my ($path, $text) = @_;
    open my $file, '>', $path or die "mutate: open $path: $!\n";
    print $file $text;
    close $file or die "mutate: write $path: $!\n";
}

# CMake writes down the tests before their programs are built.
sub read_tests {
    my ($self) = @_;
    for my $path (split /\n/, qx{find '$self->{build}' -name CTestTestfile.cmake}) {
        my $text = slurp($path);
        my %labels;
        $labels{$1} = $2 while $text =~ /^set_tests_properties\(\[=\[(\S+)\]=\] PROPERTIES .*\bLABELS "([^"]*)"/gm;
        while ($text =~ /^add_test\(\[=\[(\S+)\]=\] ("\S+"(?: "[^"]*")*)\)/gm) {
            my ($name, $line) = ($1, $2);
            my @command = $line =~ /"([^"]*)"/g;
            my ($with, $without) = @{$self->{option}}{qw(tests without)};
            next if $name =~ /^deps_/ || (defined $without && $name =~ $without);
            next if defined $with && $name !~ $with;
            next unless $command[0] =~ m{^\Q$self->{build}\E/};
            next unless ($labels{$name} || '') =~ $LABELS && ($labels{$name} ne 'root' || $> == 0);
            $self->{tests}{$name} = {name => $name, command => \@command, at => $path =~ s{/[^/]*$}{}r,
                target => substr($command[0], length("$self->{build}/"))};
        }
    }
}

sub read_compilers {
    my ($self) = @_;
    for my $entry (@{decode_json(slurp("$self->{build}/compile_commands.json"))}) {
        my $file = substr $entry->{file}, length("$self->{source}/");
        push @{$self->{compile}{$file}}, $entry;
    }
}

# Of the tests only those whose programs are made from one of these files; all where ninja cannot say.
sub limit_to {
    my ($self, @files) = @_;
    for my $test (values %{$self->{tests}}) {
        my @inputs = split /\n/, qx{ninja -C '$self->{build}' -t inputs '$test->{target}' 2> /dev/null};
        my %made_of = map { $_ => 1 } @inputs;
        $test->{has} = {map { @inputs < 2 || $made_of{"$self->{source}/$_"} ? ($_ => 1) : () } @files};
        delete $self->{tests}{$test->{name}} unless %{$test->{has}};
    }
}

sub build_all {
    my ($self) = @_;
    $ENV{CCACHE_BASEDIR} = $self->{dir};
    my %target = map { $_->{target} => 1 } values %{$self->{tests}};
    command("ninja -C '$self->{build}' -j 2 " . join(' ', sort keys %target), "$self->{dir}/build.log");
}

# The object that a file's text gives, well optimized and without the sanitizers, which write down places;
# undef where it does not compile.
sub object {
    my ($self, $file, $text) = @_;
    my $entry = $self->{compile}{$file}[0] or return;
    my $out = "$self->{dir}/probe.o";
    my $in = "$self->{source}/$file";
    my $line = $entry->{command};
    $line =~ s{ -o \S+ }{ -o $out };
    $line =~ s{^\S*ccache }{};
    $line =~ s{ -fsanitize=\S+| -fno-sanitize-recover=\S+}{}g;
    $line =~ s{ -O1 }{ -O2 };
    my $old = slurp($in);
    spew($in, $text);
    my $rc = system("cd '$entry->{directory}' && $line > '$self->{dir}/probe.log' 2>&1");
    spew($in, $old);
    return $rc == 0 ? slurp($out) : undef;
}

# Which tests can kill a mutant: those that reach its function. A long test may reach any function of the
# files it is made of until it was once run to its end; so may every test one of the ports, which run in
# processes that have no notes, and what stands outside of functions.
sub killers {
    my ($self, $mutant, $is_long) = @_;
    my ($file, $function) = @{$mutant}{qw(file function)};
    return grep {
        my $known = $self->{known}{$_->{name}};
        defined $known && $known->{is_long} == $is_long && $_->{has}{$file}
            && ($function eq '-' || $file !~ m{^agent/} || !$known->{reached} || $known->{reached}{"$file:$function"})
    } values %{$self->{tests}};
}

# Runs a test; the exit status, or undef where it did not end in time, and the seconds of the processor. A
# mutant that spins is ended by the latter, which a busy machine does not lengthen.
sub run {
    my ($self, $test, $limit, $cpu) = @_;
    my @before = times;
    my $pid = fork;
    die "mutate: fork: $!\n" unless defined $pid;
    if ($pid == 0) {
        setpgid(0, 0);
        chdir $test->{at};
        $ENV{TMPDIR} = "$self->{dir}/tmp";
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$self->{dir}/said";
        open STDERR, '>&', \*STDOUT;
        open my $notes, '>>', "$self->{dir}/reached" or POSIX::_exit(127);
        POSIX::dup2(fileno $notes, $NOTES) if $self->{option}{notes};
        { no warnings 'exec'; exec 'sh', '-c', "ulimit -c 0; ulimit -t $cpu; ulimit -f 200000; exec \"\$@\"",
            'sh', @{$test->{command}} }
        POSIX::_exit(127);
    }
    my $until = time + $limit;
    my ($wait, $done) = (0.002);
    while (($done = waitpid $pid, WNOHANG) == 0 && time < $until) {
        sleep $wait;
        $wait = $wait * 1.5 if $wait < 0.1;
    }
    my $status = $done == $pid ? $? : undef;
    kill 'KILL', -$pid;
    waitpid $pid, 0 if $done == 0;
    my @after = times;
    return ($status, $after[2] + $after[3] - $before[2] - $before[3]);
}

# Every test once, as the tree is: how long it takes, what it reaches, and whether it can kill at all. The
# long ones only where they are asked for. What is known of the same program from an earlier call stays.
sub baseline {
    my ($self, $with_long) = @_;
    my $path = "$self->{dir}/baseline";
    my %known = -f $path ? map { split / /, $_, 2 } split /\n/, slurp($path) : ();
    for my $test (map { $self->{tests}{$_} } sort keys %{$self->{tests}}) {
        my $key = "$test->{name}:" . md5_hex(slurp("$self->{build}/$test->{target}"));
        if (!defined $known{$key} || ($known{$key} eq 'long' && $with_long)) {
            my $most = $with_long ? 900 : $QUICK;
            unlink "$self->{dir}/reached";
            my $began = time;
            my ($status, $seconds) = $self->run($test, 900, $most);
            my %reached = map { $_ => 1 } split /\n/, -f "$self->{dir}/reached" ? slurp("$self->{dir}/reached") : '';
            my $passes = defined $status && $status == 0;
            $known{$key} = $passes ? join ' ', sprintf('%.3f/%.1f', $seconds, time - $began), sort keys %reached
                : $seconds > 0.9 * $most && !$with_long ? 'long' : 'fails';
            spew($path, join '', map { "$_ $known{$_}\n" } sort keys %known);
        }
        my ($both, @reached) = split / /, $known{$key};
        my ($seconds, $wall) = split m{/}, $both;
        if ($seconds eq 'fails') {
            print "mutate: $test->{name} does not pass as the tree is; it kills nothing\n";
            delete $self->{known}{$test->{name}};
        } elsif ($seconds eq 'long') {
            $self->{known}{$test->{name}} = {seconds => $QUICK, wall => 90, is_long => 1};
        } else {
            $self->{known}{$test->{name}} = {seconds => $seconds, wall => $wall || 30, is_long => $seconds > $QUICK ? 1 : 0,
                reached => {map { $_ => 1 } @reached}};
        }
    }
    die "mutate: no test passes as the tree is\n" unless %{$self->{known} || {}};
}

# What kills soonest is first. How likely a test kills is guessed by its name (that of the file, or a word
# of it) and by what it killed in the file before, in this call and in earlier ones with the same copies.
sub in_order {
    my ($self, $mutant, $is_long) = @_;
    my ($room, $name) = $mutant->{file} =~ m{([^/]+)/([^/]+)\.c$};
    my ($word) = $name =~ /^([^_]+)/;
    my $kills = $self->kills->{$mutant->{file}} || {};
    my %worth;
    my @killers = $self->killers($mutant, $is_long);
    for my $test (@killers) {
        my $like = $test->{name} eq "unit_${room}_$name" ? 3 : $test->{name} =~ /^unit_\Q${room}_$word\E/ ? 2
            : $test->{name} =~ /_(?:\Q$word\E|\Q$room\E)(?:_|$)/ ? 0.5 : 0.1;
        $worth{$test->{name}} = ($like + ($kills->{$test->{name}} || 0)) / (0.4 + $self->{known}{$test->{name}}{seconds});
    }
    return sort { $worth{$b->{name}} <=> $worth{$a->{name}} || $a->{name} cmp $b->{name} } @killers;
}

sub kills {
    my ($self) = @_;
    my $path = "$self->{dir}/kills";
    return $self->{kills} if $self->{kills};
    $self->{kills} = {};
    for my $line (-f $path ? split /\n/, slurp($path) : ()) {
        my ($file, $test, $count) = split / /, $line;
        $self->{kills}{$file}{$test} = $count;
    }
    return $self->{kills};
}

sub note_kill {
    my ($self, $file, $killer) = @_;
    my ($test) = $killer =~ /^(\S+)/ or return;
    my $kills = $self->kills;
    $kills->{$file}{$test}++;
    spew("$self->{dir}/kills", join '', map { my $one = $_; map { "$one $_ $kills->{$one}{$_}\n" } sort keys %{$kills->{$one}} } sort keys %$kills);
}

# Tries one mutant by the quick tests or by the long ones; the name of the test that killed it, or '' where
# it lives.
sub try {
    my ($self, $mutant, $text, $is_long) = @_;
    my $path = "$self->{source}/$mutant->{file}";
    local @ENV{qw(CCACHE_BASEDIR CCACHE_READONLY)} = ($self->{dir}, 1); # the unchanged objects are in it
    my $old = slurp($path);
    spew($path, $text);
    my $killer = '';
    for my $test ($self->in_order($mutant, $is_long)) {
        if (system("ninja -C '$self->{build}' -j 1 '$test->{target}' > '$self->{dir}/ninja.log' 2>&1") != 0) {
            $killer = "$test->{name} (does not build)";
            last;
        }
        my ($seconds, $wall) = @{$self->{known}{$test->{name}}}{qw(seconds wall)};
        my ($status) = $self->run($test, 60 + 10 * $wall, int(5 + 3 * $seconds));
        next if defined $status && $status == 0;
        $killer = $test->{name} . (defined $status ? '' : ' (time-out)');
        last;
    }
    spew($path, $old);
    return $killer;
}

1;
