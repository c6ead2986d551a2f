# Sites: where a C file of this tree can be mutated, and into what.
#
# A mutant is {file, line, function, kind, from, to, at, length, put}: `length` characters at offset
# `at` of the file give way to `put`, which has as many line breaks. `from` and `to` are the first line
# that differs, without its indentation: they name the mutant, so that a name outlives moved lines.
package Sites;
use strict;
use warnings;
no warnings 'portable';
use Digest::MD5 qw(md5_hex);

my $SYNC = qr/fdatasync|fsync|syncfs|sync_file_range/;
my $SYMMETRIC = qr/^(?:strcmp|strncmp|memcmp|digest_is_equal|span_is_equal|mono_min)$/;
my $KEYWORD = qr/^(?:if|for|while|switch|return|sizeof|else|do|case|goto|static_assert|assert)$/;

# Comments, texts and preprocessor lines but #define become blanks; every offset stays.
sub mask {
    my ($text) = @_;
    $text =~ s{(/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')}{blank($1)}gse;
    $text =~ s{^([ \t]*\#(?![ \t]*define)(?:[^\n]*\\\n)*[^\n]*)}{blank($1)}gme;
    return $text;
}

sub blank {
    my ($text) = @_;
    my $mark = $text =~ /^["']/ ? '"' : ' ';
    $text =~ s/[^\n]/$mark/g;
    return $text;
}

# The offset behind the bracket that closes the one at $at; -1 where it is not closed.
sub closing {
    my ($masked, $at) = @_;
    my $depth = 0;
    pos($$masked) = $at;
    while ($$masked =~ /([(\[{])|([)\]}])/g) {
        $depth += defined $1 ? 1 : -1;
        return pos($$masked) if $depth == 0;
    }
    return -1;
}

# Every function: [first offset of its body, one behind its end, name, type].
sub functions {
    my ($masked) = @_;
    my @found;
    while ($masked =~ /^\{/gm) {
        my $start = $-[0];
        my $end = closing(\$masked, $start);
        next if $end < 0;
        my $before = substr($masked, 0, $start);
        $before =~ s{^\s*\#(?:[^\n]*\\\n)*[^\n]*}{}gm;
        $before =~ s/.*[;}]//s;
        next unless $before =~ /^\s*(.*?)(\w+)\s*\(/s;
        my ($type, $name) = ($1, $2);
        $type =~ s/\b(?:static|inline|const|NODISCARD)\b//g;
        $type =~ s/^\s+|\s+$//g;
        push @found, [$start, $end, $name, $type];
    }
    return @found;
}

sub line_starts {
    my ($text) = @_;
    my @starts = (0);
    push @starts, $+[0] while $text =~ /\n/g;
    return @starts;
}

# All mutants of one file, in the order of the text.
sub of_file {
    my ($file, $text) = @_;
    my $self = {file => $file, text => $text, masked => mask($text), list => [], seen => {}};
    $self->{functions} = [functions($self->{masked})];
    $self->{starts} = [line_starts($text)];
    $self->{asserts} = [];
    while ($self->{masked} =~ /\b(?:static_)?assert\s*\(/g) {
        my $start = $-[0];
        my $end = closing(\$self->{masked}, $+[0] - 1);
        push @{$self->{asserts}}, [$start, $end] if $end > 0;
    }
    operators($self);
    constants($self);
    conditions($self);
    statements($self);
    returns($self);
    syncs($self);
    arguments($self);
    return sort { $a->{at} <=> $b->{at} || $a->{put} cmp $b->{put} } @{$self->{list}};
}

sub function_at {
    my ($self, $at) = @_;
    for my $function (@{$self->{functions}}) {
        return $function if $at >= $function->[0] && $at < $function->[1];
    }
    return;
}

sub add {
    my ($self, $kind, $at, $length, $put) = @_;
    for my $assert (@{$self->{asserts}}) {
        return if $at >= $assert->[0] && $at < $assert->[1];
    }
    my $old = substr($self->{text}, $at, $length);
    $put .= "\n" x (($old =~ tr/\n//) - ($put =~ tr/\n//));
    my ($low, $high) = (0, $#{$self->{starts}});
    while ($low < $high) {
        my $middle = int(($low + $high + 1) / 2);
        if ($self->{starts}[$middle] <= $at) { $low = $middle } else { $high = $middle - 1 }
    }
    my $start = $self->{starts}[$low];
    my $new = substr($self->{text}, 0, $at) . $put . substr($self->{text}, $at + $length);
    my ($from) = substr($self->{text}, $start) =~ /^([^\n]*)/;
    my ($to) = substr($new, $start) =~ /^([^\n]*)/;
    s/^\s+|\s+$//g for $from, $to;
    my $function = function_at($self, $at);
    my $name = defined $function ? $function->[2] : '-';
    my $key = join "\t", $self->{file}, $name, $from, $to;
    my $turn = $self->{seen}{$key}++;
    push @{$self->{list}}, {
        file => $self->{file}, line => $low + 1, function => $name, kind => $kind, from => $from,
        to => $to, at => $at, length => $length, put => $put, key => $key,
        id => substr(md5_hex($turn == 0 ? $key : "$key\t$turn"), 0, 8),
    };
}

sub operators {
    my ($self) = @_;
    my %other = ('<' => '<=', '<=' => '<', '>' => '>=', '>=' => '>', '==' => '!=', '!=' => '==',
        '&&' => '||', '||' => '&&');
    while ($self->{masked} =~ /(?<=[\w\s)\]"])(<=|>=|==|!=|&&|\|\||(?<![-<>])[<>](?![<>=]))(?=[\s(])/g) {
        my ($at, $old) = ($-[1], $1);
        next unless defined function_at($self, $at) || $old =~ /^(?:&&|\|\|)$/;
        add($self, $old =~ /^[&|]/ ? 'logic' : 'relation', $at, length $old, $other{$old});
    }
}

# The size of an array in its declaration is no boundary that a test could see, and {0} no number.
sub constants {
    my ($self) = @_;
    while ($self->{masked} =~ /(?<![\w."])(0[xX][0-9a-fA-F]+|[0-9]+)([uUlL]*)(?![\w.])/g) {
        my ($at, $number, $suffix) = ($-[1], $1, $2);
        my $length = length($number) + length $suffix;
        my $line = substr($self->{masked}, 0, $at);
        $line =~ s/.*\n//s;
        next if $line =~ /^\s*(?:static |const |extern )*(?:struct |enum |unsigned |signed )?\w+ [\w\s,*\[\]]*\[[^\]=]*$/;
        next if $line =~ /^\s*#\s*define\s+\w+\([^)]*\)/;
        next if length $number > 10 || substr($self->{masked}, $at - 1, $length + 2) eq '{0}';
        my $value = $number =~ /^0[xX]/ ? hex $number : $number =~ /^0\d/ ? oct $number : $number + 0;
        next if $value > 0xffffffff;
        for my $put (sort { $a <=> $b } grep { $_ != $value && $_ >= 0 } $value - 1, $value + 1, 0) {
            add($self, 'constant', $at, $length, $put . $suffix);
        }
    }
}

sub conditions {
    my ($self) = @_;
    while ($self->{masked} =~ /\b(?:if|while)\s*\(/g) {
        my $open = $+[0] - 1;
        my $end = closing(\$self->{masked}, $open);
        next if $end < 0 || !defined function_at($self, $open);
        my $inner = substr($self->{text}, $open + 1, $end - $open - 2);
        add($self, 'condition', $open, $end - $open, "(!($inner))");
    }
}

# Calls, assignments and jumps that stand alone.
sub statements {
    my ($self) = @_;
    while ($self->{masked} =~ /(?:[;{}]|\belse|\)|:)\s*\n\s*(?=[\w(*+-])/g) {
        my $start = $+[0];
        my $function = function_at($self, $start);
        next unless defined $function;
        my $rest = substr($self->{masked}, $start, $function->[1] - $start);
        my $end;
        if ($rest =~ /^(?:break|continue)\s*;/) {
            $end = $+[0];
        } elsif ($rest =~ /^(?:\(void\)\s*)?(\w+)\s*\(/ && $1 !~ $KEYWORD) {
            $end = statement_end($rest);
        } elsif ($rest =~ /^(?:\+\+|--)?[\w*(][\w.>\[\]\s()*+-]*?(?:[-+|&^*\/]|<<|>>)?=(?!=)/ &&
            $rest !~ /^(?:return|if|for|while|switch|case|else|do)\b/ && $rest !~ /^(?:\w+\s+)+\**\w+(?:\[[^\]]*\])*\s*=/) {
            $end = statement_end($rest);
        } elsif ($rest =~ /^[\w.>\[\]()*-]+(?:\+\+|--)\s*;/) {
            $end = $+[0];
        }
        next unless defined $end;
        my $old = substr($self->{text}, $start, $end);
        next if $old =~ /^\(void\)\w+;/;
        add($self, 'statement', $start, $end, ';');
    }
}

sub statement_end {
    my ($rest) = @_;
    my $depth = 0;
    while ($rest =~ /([(\[{])|([)\]}])|(;)/g) {
        $depth++ if defined $1;
        $depth-- if defined $2;
        return if $depth < 0;
        return pos $rest if defined $3 && $depth == 0;
    }
    return;
}

sub returns {
    my ($self) = @_;
    while ($self->{masked} =~ /\breturn\b\s*([^;]*?)\s*;/g) {
        my ($at, $length, $masked) = ($-[1], $+[1] - $-[1], $1);
        my $function = function_at($self, $at);
        next if !defined $function || $length == 0;
        my $type = $function->[3];
        my $old = substr($self->{text}, $at, $length);
        my @put = $type =~ /\*/ ? ('NULL')
            : $type eq 'bool' ? ($old eq 'true' ? 'false' : $old eq 'false' ? 'true' : ('true', 'false'))
            : $type =~ /^struct/ ? ()
            : $old eq '0' ? ('-1')
            : $type =~ /^enum/ ? ("($type)0")
            : ('0');
        add($self, 'return', $at, $length, $_) for grep { $_ ne $old } @put;
    }
}

sub syncs {
    my ($self) = @_;
    while ($self->{masked} =~ /\b(?:$SYNC)\s*\(/g) {
        my $start = $-[0];
        my $end = closing(\$self->{masked}, $+[0] - 1);
        add($self, 'sync', $start, $end - $start, '0') if $end > 0 && defined function_at($self, $start);
    }
}

# Neighbours that are plain values change places; the compiler says whether their types allow it. What
# compares does so either way round.
sub arguments {
    my ($self) = @_;
    while ($self->{masked} =~ /\b(\w+)\s*\(/g) {
        my ($name, $open) = ($1, $+[0] - 1);
        next if $name =~ $KEYWORD || $name =~ $SYMMETRIC || !defined function_at($self, $open);
        my $end = closing(\$self->{masked}, $open);
        next if $end < 0;
        my $inside = substr($self->{masked}, $open + 1, $end - $open - 2);
        my ($offset, @parts) = ($open + 1);
        for my $part (split /(,)/, $inside) {
            push @parts, [$offset, $part] if $part ne ',';
            $offset += length $part;
        }
        for my $i (0 .. $#parts - 1) {
            my ($first, $second) = @parts[$i, $i + 1];
            my ($one) = $first->[1] =~ /^\s*(&?[A-Za-z_][\w.>\[\]-]*)\s*$/;
            my ($two) = $second->[1] =~ /^\s*(&?[A-Za-z_][\w.>\[\]-]*)\s*$/;
            next if !defined $one || !defined $two || $one eq $two;
            my $at = $first->[0] + index($first->[1], $one);
            my $until = $second->[0] + index($second->[1], $two) + length $two;
            my $between = substr($self->{text}, $at + length $one, $second->[0] + index($second->[1], $two) - $at - length $one);
            add($self, 'arguments', $at, $until - $at, $two . $between . $one);
        }
    }
}

1;
