# Trees: copies of the tree, built at -O1 with the sanitizers, in which mutants are compiled and tried.
package Trees;
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use JSON::PP qw(decode_json);
use POSIX qw(:sys_wait_h setpgid);
use Time::HiRes qw(time sleep);

# Killers: what needs neither the engine nor a program of ours in its whole.
my $LABELS = qr/^(?:unit|linux|root)$/;
my $FLAGS = '-O1 -Werror=int-conversion -Werror=incompatible-pointer-types'
    . ' -Werror=implicit-function-declaration';

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
        next if -f $copy && slurp($copy) eq $text;
        spew($copy, $text);
        chmod((stat "$root/$file")[2] & 0777, $copy);
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
    my %wanted = map { ("$self->{source}/$_" => 1) } @files;
    for my $name (keys %{$self->{tests}}) {
        my @inputs = split /\n/, qx{ninja -C '$self->{build}' -t inputs '$self->{tests}{$name}{target}' 2> /dev/null};
        delete $self->{tests}{$name} if @inputs > 1 && !grep { $wanted{$_} } @inputs;
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

# Which tests have something of a file in them: by the names of its functions.
sub linkers {
    my ($self, $file) = @_;
    return $self->{linkers}{$file} if $self->{linkers}{$file};
    my %names;
    for my $entry (@{$self->{compile}{$file}}) {
        my ($object) = $entry->{command} =~ / -o (\S+) /;
        $names{$_} = 1 for qx{nm --defined-only '$entry->{directory}/$object' 2> /dev/null} =~ /^\w+ [TDR] (\w+)$/gm;
    }
    my @found;
    for my $test (values %{$self->{tests}}) {
        $test->{names} ||= {map { $_ => 1 } qx{nm --defined-only '$self->{build}/$test->{target}'} =~ /^\w+ \w (\w+)$/gm};
        push @found, $test if grep { $test->{names}{$_} } keys %names;
    }
    return $self->{linkers}{$file} = \@found;
}

# Runs a test; the exit status, or undef where it did not end in time. A mutant that spins is ended by the
# time of the processor, which a busy machine does not lengthen.
sub run {
    my ($self, $test, $limit, $cpu) = @_;
    my $pid = fork;
    die "mutate: fork: $!\n" unless defined $pid;
    if ($pid == 0) {
        setpgid(0, 0);
        chdir $test->{at};
        $ENV{TMPDIR} = "$self->{dir}/tmp";
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$self->{dir}/said";
        open STDERR, '>&', \*STDOUT;
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
    return $status;
}

# Every test of these files once, as the tree is: how long it takes, and whether it can kill at all. What
# is known of the same program from an earlier call is not asked again.
sub baseline {
    my ($self, @files) = @_;
    my %wanted = map { $_->{name} => 1 } map { @{$self->linkers($_)} } @files;
    delete $self->{tests}{$_} for grep { !$wanted{$_} } keys %{$self->{tests}};
    delete $self->{linkers};
    my %known = -f "$self->{dir}/baseline" ? map { split / /, $_, 2 } split /\n/, slurp("$self->{dir}/baseline") : ();
    for my $test (map { $self->{tests}{$_} } sort keys %{$self->{tests}}) {
        my $key = "$test->{name}:" . md5_hex(slurp("$self->{build}/$test->{target}"));
        if (!defined $known{$key}) {
            my $start = time;
            my $status = $self->run($test, 600, 600);
            $known{$key} = sprintf '%.3f', time - $start if defined $status && $status == 0;
            spew("$self->{dir}/baseline", join '', map { "$_ $known{$_}\n" } sort keys %known);
        }
        if (defined $known{$key}) {
            $test->{seconds} = $known{$key};
        } else {
            print "mutate: $test->{name} does not pass as the tree is; it kills nothing\n";
            delete $self->{tests}{$test->{name}};
        }
    }
    die "mutate: no test passes as the tree is\n" unless %{$self->{tests}};
}

# What kills soonest is first. How likely a test kills is guessed by its name (that of the file, or a word
# of it) and by what it killed in the file before, in this call and in earlier ones with the same copies.
sub in_order {
    my ($self, $file) = @_;
    my ($room, $name) = $file =~ m{([^/]+)/([^/]+)\.c$};
    my ($word) = $name =~ /^([^_]+)/;
    my $kills = $self->kills->{$file} || {};
    my %worth;
    for my $test (@{$self->linkers($file)}) {
        my $like = $test->{name} eq "unit_${room}_$name" ? 3 : $test->{name} =~ /^unit_\Q${room}_$word\E/ ? 2
            : $test->{name} =~ /_(?:\Q$word\E|\Q$room\E)(?:_|$)/ ? 0.5 : 0.1;
        $worth{$test->{name}} = ($like + ($kills->{$test->{name}} || 0)) / (0.4 + $test->{seconds});
    }
    return sort { $worth{$b->{name}} <=> $worth{$a->{name}} || $a->{name} cmp $b->{name} }
        @{$self->linkers($file)};
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

# Tries one mutant; the name of the test that killed it, or '' where it lives.
sub try {
    my ($self, $mutant, $text) = @_;
    my $path = "$self->{source}/$mutant->{file}";
    local @ENV{qw(CCACHE_BASEDIR CCACHE_READONLY)} = ($self->{dir}, 1); # the unchanged objects are in it
    my $old = slurp($path);
    spew($path, $text);
    my $killer = '';
    for my $test ($self->in_order($mutant->{file})) {
        if (system("ninja -C '$self->{build}' -j 1 '$test->{target}' > '$self->{dir}/ninja.log' 2>&1") != 0) {
            $killer = "$test->{name} (does not build)";
            last;
        }
        my $status = $self->run($test, 10 + 10 * $test->{seconds}, int(5 + 3 * $test->{seconds}));
        next if defined $status && $status == 0;
        $killer = $test->{name} . (defined $status ? '' : ' (time-out)');
        last;
    }
    spew($path, $old);
    return $killer;
}

1;
