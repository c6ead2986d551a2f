/* conductor_status: status, history and events of the node, for whoever asks at its socket. */
#include "agent/node/conductor_private.h"
#include "agent/node/facts.h"

void conductor_status(const struct conductor *conductor, struct text *text)
{
    struct facts_node node;
    struct facts_app facts;
    facts_of_node(conductor, &node);
    status_node_render(&node, text);
    for (size_t i = 0, shown = 0; i < APPS_MAX; i++) {
        if (conductor->apps[i].is_used) {
            text_append(text, shown++ == 0 ? "" : ",");
            facts_of_app(&conductor->apps[i], &facts);
            status_app_render(&facts, text);
        }
    }
    text_append(text, "]}");
}

int conductor_history(const struct conductor *conductor, const char *name, struct text *text,
                      struct err *err)
{
    size_t place = conductor_place(conductor, name);
    struct facts_app facts;
    if (place == APPS_MAX) {
        return err_set(err, ERR_NOT_FOUND, "no app %s on this node", name);
    }
    facts_of_app(&conductor->apps[place], &facts);
    status_history_render(&facts, text);
    return 0;
}

void event_render(const struct event *event, struct text *text)
{
    text_printf(text, "{\"event\":%llu,\"at\":%lld,\"wall\":%lld,\"timeTrusted\":%s,\"app\":",
                (unsigned long long)event->number, (long long)event->at, (long long)event->wall,
                event->time_trusted ? "true" : "false");
    text_append_json(text, event->app);
    text_append(text, ",\"text\":");
    text_append_json(text, event->text);
    text_append(text, "}\n");
}

void conductor_events(const struct conductor *conductor, uint64_t after, struct text *text)
{
    const struct events *events = &conductor->events;
    uint64_t first = events_first(events);
    for (uint64_t number = after < first ? first : after + 1; number <= events->last; number++) {
        struct event event;
        events_get(events, number, &event);
        event_render(&event, text);
    }
}
