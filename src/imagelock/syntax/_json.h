/* JSON (RFC 8259) in memory, walked over value by value.
 *
 * Strings, numbers and words are read by their grammar. Of an array or object only the end is
 * looked for, by its quotes and brackets: 64 bytes at a time. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define INLINED static inline __attribute__((always_inline))

enum { FAILED = -1, DOUBTED, READ };
enum { BLOCK = 64 };

/* What has been read, and what is left. */
typedef struct {
    const unsigned char *at, *end;
} Json;

static inline void
skip_blanks(Json *self)
{
    const unsigned char *at = self->at;
    while (at < self->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    self->at = at;
}

/* Go over one byte, if it is there. */
static inline int
take(Json *self, unsigned char byte)
{
    if (self->at >= self->end || *self->at != byte)
        return 0;
    self->at++;
    return 1;
}

/* Return what stands behind an escape, or NULL. */
static const unsigned char *
after_escape(const unsigned char *at, const unsigned char *end)
{
    if (end - at < 2 || at[1] == '\0' || strchr("\"\\/bfnrtu", at[1]) == NULL)
        return NULL;
    if (at[1] != 'u')
        return at + 2;
    if (end - at < 6)
        return NULL;
    for (int i = 2; i < 6; i++)
        if (at[i] == '\0' || strchr("0123456789abcdefABCDEF", at[i]) == NULL)
            return NULL;
    return at + 6;
}

/* Return the first byte of a string that is a quote, a backslash, or must not be there. */
static inline const unsigned char *
first_odd(const unsigned char *at, const unsigned char *end)
{
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)at);
        __m128i odd = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        unsigned marks = (unsigned)_mm_movemask_epi8(odd);
        if (marks)
            return at + __builtin_ctz(marks);
    }
#endif
    while (at < end && *at != '"' && *at != '\\' && *at >= 0x20)
        at++;
    return at;
}

static inline int
skip_string(Json *self, int *has_escapes)
{
    const unsigned char *at = self->at + 1, *end = self->end;
    if (!take(self, '"'))
        return DOUBTED;
    while ((at = first_odd(at, end)) < end && *at == '\\') {
        if ((at = after_escape(at, end)) == NULL)
            return DOUBTED;
        *has_escapes = 1;
    }
    if (at >= end || *at != '"')
        return DOUBTED;
    self->at = at + 1;
    return READ;
}

static int
skip_digits(Json *self)
{
    const unsigned char *start = self->at;
    while (self->at < self->end && *self->at >= '0' && *self->at <= '9')
        self->at++;
    return self->at > start;
}

static int
skip_number(Json *self)
{
    take(self, '-');
    int is_right = take(self, '0') || skip_digits(self);
    if (take(self, '.'))
        is_right = is_right && skip_digits(self);
    if (take(self, 'e') || take(self, 'E')) {
        if (!take(self, '+'))
            take(self, '-');
        is_right = is_right && skip_digits(self);
    }
    return is_right ? READ : DOUBTED;
}

static int
skip_word(Json *self, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(self->end - self->at) < length || memcmp(self->at, word, length) != 0)
        return DOUBTED;
    self->at += length;
    return READ;
}

/* Of a block, a bit for each byte that is meant. */
typedef struct {
    uint64_t quotes, backslashes, opened, closed;
} Marks;

enum { BRACE = 0x20 }; /* the one bit by which '{' differs from '[', and '}' from ']' */

#ifdef __SSE2__
INLINED uint64_t
equal(const __m128i bytes[4], char byte)
{
    __m128i wanted = _mm_set1_epi8(byte);
    uint64_t marks = 0;
    for (int i = 0; i < 4; i++)
        marks |= (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes[i], wanted)) << 16 * i;
    return marks;
}

INLINED Marks
marks_of(const unsigned char *block)
{
    __m128i bytes[4], braces[4];
    for (int i = 0; i < 4; i++) {
        bytes[i] = _mm_loadu_si128((const __m128i *)(block + 16 * i));
        braces[i] = _mm_or_si128(bytes[i], _mm_set1_epi8(BRACE));
    }
    return (Marks){equal(bytes, '"'), equal(bytes, '\\'), equal(braces, '{'), equal(braces, '}')};
}
#else
/* Of eight bytes, a bit for each that is *wanted* in all of its bytes. */
INLINED uint64_t
equal(uint64_t bytes, uint64_t wanted)
{
    const uint64_t low = 0x7f7f7f7f7f7f7f7f;
    uint64_t other = bytes ^ wanted;
    uint64_t same = ~(((other & low) + low) | other | low); /* 0x80 in each that is equal */
    return (same >> 7) * 0x0102040810204080 >> 56;
}

INLINED Marks
marks_of(const unsigned char *block)
{
    const uint64_t each = 0x0101010101010101;
    Marks marks = {0};
    for (int i = 0; i < BLOCK; i += 8) {
        uint64_t bytes;
        memcpy(&bytes, block + i, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        bytes = __builtin_bswap64(bytes);
#endif
        uint64_t braces = bytes | each * BRACE;
        marks.quotes |= equal(bytes, each * '"') << i;
        marks.backslashes |= equal(bytes, each * '\\') << i;
        marks.opened |= equal(braces, each * '{') << i;
        marks.closed |= equal(braces, each * '}') << i;
    }
    return marks;
}
#endif

/* Return what stands behind a backslash that does not itself stand behind one. */
INLINED uint64_t
escaped_by(uint64_t backslashes, uint64_t *carry)
{
    uint64_t escaped = *carry;
    backslashes &= ~escaped;
    *carry = 0;
    while (backslashes) {
        uint64_t first = backslashes & -backslashes, next = first << 1;
        *carry = next == 0;
        escaped |= next;
        backslashes &= ~(first | next);
    }
    return escaped;
}

/* Fill up from each quote, which counts, to the next one, which does not. */
INLINED uint64_t
strings_of(uint64_t quotes)
{
    for (int i = 1; i < BLOCK; i *= 2)
        quotes ^= quotes << i;
    return quotes;
}

/* Return the bracket that closes the last one of those that are open, or 0. */
INLINED uint64_t
last_bracket(uint64_t opened, uint64_t closed, ptrdiff_t *open)
{
    int closing = __builtin_popcountll(closed);
    if (*open > closing) { /* as nearly always: they cannot be enough */
        *open += __builtin_popcountll(opened) - closing;
        return 0;
    }
    for (uint64_t left = opened | closed; left; left &= left - 1) {
        uint64_t bracket = left & -left;
        *open += opened & bracket ? 1 : -1;
        if (*open == 0)
            return bracket;
    }
    return 0;
}

/* Go behind the bracket that closes the first one. */
INLINED int
skip_brackets(Json *self)
{
    ptrdiff_t open = 0;
    unsigned char rest[BLOCK];
    uint64_t carry = 0, in_string = 0;
    for (const unsigned char *at = self->at; at < self->end; at += BLOCK) {
        const unsigned char *block = at;
        if (self->end - at < BLOCK) {
            memset(rest, ' ', BLOCK);
            block = memcpy(rest, at, (size_t)(self->end - at));
        }
        Marks marks = marks_of(block);
        if (marks.backslashes || carry)
            marks.quotes &= ~escaped_by(marks.backslashes, &carry);
        uint64_t strings = strings_of(marks.quotes) ^ in_string;
        in_string = strings >> (BLOCK - 1) ? UINT64_MAX : 0;
        uint64_t last = last_bracket(marks.opened & ~strings, marks.closed & ~strings, &open);
        if (last) {
            self->at = at + __builtin_ctzll(last) + 1;
            return READ;
        }
    }
    return DOUBTED;
}

#ifdef __x86_64__
/* Every processor of the last fifteen years counts bits in one step, but must be asked to. */
__attribute__((target("popcnt"))) static int
skip_brackets_by_popcnt(Json *self)
{
    return skip_brackets(self);
}
#endif

/* Go to the end of an array or object. */
static int
skip_nested(Json *self)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("popcnt"))
        return skip_brackets_by_popcnt(self);
#endif
    return skip_brackets(self);
}

static int
skip_value(Json *self)
{
    int has_escapes;
    skip_blanks(self);
    if (self->at >= self->end)
        return DOUBTED;
    switch (*self->at) {
    case '"':
        return skip_string(self, &has_escapes);
    case '{':
    case '[':
        return skip_nested(self);
    case 't':
        return skip_word(self, "true");
    case 'f':
        return skip_word(self, "false");
    case 'n':
        return skip_word(self, "null");
    default:
        return skip_number(self);
    }
}

/* Read a key and the colon behind it. */
static int
read_key(Json *self, const unsigned char **name, size_t *length)
{
    int has_escapes = 0;
    skip_blanks(self);
    *name = self->at + 1;
    if (skip_string(self, &has_escapes) != READ || has_escapes)
        return DOUBTED;
    *length = (size_t)(self->at - *name) - 1;
    skip_blanks(self);
    return take(self, ':') ? READ : DOUBTED;
}
