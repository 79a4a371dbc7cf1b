/* What a supervisor of the version before has written down, word for word: its files had no word yet of how lines come to them. */

/** The configuration in force, of "filed" with two files and "web" with one. */
export const CONFIGURATION_BEFORE =
  '{"tag":"loaded","settings":{"daemon":{"user":null,"group":null},"syslog":{"facility":"daemon","level":"info"},' +
  '"control":{"group":null,"statusGroup":null,"tcp":null},"log":{"level":"info","maxSize":10485760,"maxAge":null,' +
  '"keep":5,"keepSize":null,"keepAge":null,"compress":null,"sinks":[]},"history":{"keep":200,"keepAge":7776000000,' +
  '"keepSize":67108864,"lines":50}},"definitions":[{"name":"filed","source":"/services.d/filed.toml",' +
  '"description":"","command":["sleep","4000"],"runtime":"none","type":"simple","start":"auto","critical":false,' +
  '"instance":null,"requires":[],"wants":[],"after":[],"before":[],"conflicts":[],"ready":null,"health":null,' +
  '"watchdog":null,"notifyAccess":"none","descriptorStore":null,"sockets":[],"hooks":{"beforeStart":null,' +
  '"afterStart":null,"beforeStop":null,"afterStop":null,"onFailure":null},"condition":null,"schedule":null,' +
  '"watch":null,"user":null,"group":null,"groups":null,"directory":"/","umask":18,"nice":0,"oomScoreAdjust":0,' +
  '"noNewPrivileges":false,"environment":{},"secrets":{},"environmentFiles":[],"pidFile":null,' +
  '"restart":{"policy":"always","delay":100,"maxDelay":30000,"resetAfter":10000,"limit":null,"success":[0,"SIGHUP",' +
  '"SIGINT","SIGTERM","SIGPIPE"],"prevent":[]},"stop":{"signal":"SIGTERM","command":null,"timeout":10000,' +
  '"scope":"group"},"reload":{"action":"signal","signal":"SIGHUP","signalIsWritten":false,"command":null},' +
  '"limits":{},"log":{"sinks":[{"name":"file","streams":["stdout","stderr"],"filter":{"priority":"debug",' +
  '"include":[],"exclude":[],"rate":null},"type":"file","path":null,"format":"plain","stamp":"iso",' +
  '"maxSize":10485760,"maxAge":null,"keep":5,"keepSize":null,"keepAge":null,"compress":null},{"name":"errors",' +
  '"streams":["stdout","stderr"],"filter":{"priority":"debug","include":[],"exclude":[],"rate":null},"type":"file",' +
  '"path":"/srv/log/errors.log","format":"json","stamp":"iso","maxSize":10485760,"maxAge":null,"keep":5,' +
  '"keepSize":null,"keepAge":null,"compress":null}],"multiline":{"stdout":null,"stderr":null},"isJoined":false,' +
  '"direct":null}},{"name":"web","source":"/services.d/web.toml","description":"","command":["sleep","1000"],' +
  '"runtime":"none","type":"simple","start":"auto","critical":false,"instance":null,"requires":[],"wants":[],' +
  '"after":[],"before":[],"conflicts":[],"ready":null,"health":null,"watchdog":null,"notifyAccess":"none",' +
  '"descriptorStore":null,"sockets":[],"hooks":{"beforeStart":null,"afterStart":null,"beforeStop":null,' +
  '"afterStop":null,"onFailure":null},"condition":null,"schedule":null,"watch":null,"user":null,"group":null,' +
  '"groups":null,"directory":"/","umask":18,"nice":0,"oomScoreAdjust":0,"noNewPrivileges":false,"environment":{},' +
  '"secrets":{},"environmentFiles":[],"pidFile":null,"restart":{"policy":"always","delay":100,"maxDelay":30000,' +
  '"resetAfter":10000,"limit":null,"success":[0,"SIGHUP","SIGINT","SIGTERM","SIGPIPE"],"prevent":[]},' +
  '"stop":{"signal":"SIGTERM","command":null,"timeout":10000,"scope":"group"},"reload":{"action":"signal",' +
  '"signal":"SIGHUP","signalIsWritten":false,"command":null},"limits":{"core":{"soft":"unlimited",' +
  '"hard":"unlimited"}},"log":{"sinks":[{"name":"file","streams":["stdout","stderr"],"filter":{"priority":"debug",' +
  '"include":[],"exclude":[],"rate":null},"type":"file","path":null,"format":"plain","stamp":"iso",' +
  '"maxSize":10485760,"maxAge":null,"keep":5,"keepSize":null,"keepAge":null,"compress":null}],' +
  '"multiline":{"stdout":null,"stderr":null},"isJoined":false,"direct":null}}],"unfit":{},"warnings":[],' +
  '"liveFields":["description","start","critical","requires","wants","after","before","conflicts","health",' +
  '"watchdog","hooks","condition","schedule","watch","restart","stop","reload","log"],"templates":[],' +
  '"instances":{},"used":["/srv/state/instances.json","/services.d/daemonsup.toml"],"fingerprint":"2hlrv1svo2mfc",' +
  '"marks":{"/services.d":"2ot7ddve59m3","/services.d/daemonsup.toml":"1zkelmlijhlld",' +
  '"/services.d/filed.toml":"1w31009oba09a","/services.d/web.toml":"2ivh4ph3me7t4",' +
  '"/srv/state/instances.json":"39ov8lnrnkrnu"}}';

/** The record of "filed", which is about to be started anew with another definition than the one that it runs by. */
export const RECORD_BEFORE =
  '{"run":1,"actions":[],"record":{"state":{"tag":"up","streak":{"failures":0,"restartedAt":[]},' +
  '"startedAt":70246766.353422,"pid":31673,"relayedAt":null},"since":1795431243407,"want":"up",' +
  '"definition":{"name":"filed","source":"/services.d/filed.toml","description":"","command":["sleep","3000"],' +
  '"runtime":"none","type":"simple","start":"auto","critical":false,"instance":null,"requires":[],"wants":[],' +
  '"after":[],"before":[],"conflicts":[],"ready":null,"health":null,"watchdog":null,"notifyAccess":"none",' +
  '"descriptorStore":null,"sockets":[],"hooks":{"beforeStart":null,"afterStart":null,"beforeStop":null,' +
  '"afterStop":null,"onFailure":null},"condition":null,"schedule":null,"watch":null,"user":null,"group":null,' +
  '"groups":null,"directory":"/","umask":18,"nice":0,"oomScoreAdjust":0,"noNewPrivileges":false,"environment":{},' +
  '"secrets":{},"environmentFiles":[],"pidFile":null,"restart":{"policy":"always","delay":100,"maxDelay":30000,' +
  '"resetAfter":10000,"limit":null,"success":[0,"SIGHUP","SIGINT","SIGTERM","SIGPIPE"],"prevent":[]},' +
  '"stop":{"signal":"SIGTERM","command":null,"timeout":10000,"scope":"group"},"reload":{"action":"signal",' +
  '"signal":"SIGHUP","signalIsWritten":false,"command":null},"limits":{},"log":{"sinks":[{"name":"file",' +
  '"streams":["stdout","stderr"],"filter":{"priority":"debug","include":[],"exclude":[],"rate":null},"type":"file",' +
  '"path":null,"format":"plain","stamp":"iso","maxSize":10485760,"maxAge":null,"keep":5,"keepSize":null,' +
  '"keepAge":null,"compress":null},{"name":"errors","streams":["stdout","stderr"],"filter":{"priority":"debug",' +
  '"include":[],"exclude":[],"rate":null},"type":"file","path":"/srv/log/errors.log","format":"json","stamp":"iso",' +
  '"maxSize":10485760,"maxAge":null,"keep":5,"keepSize":null,"keepAge":null,"compress":null}],' +
  '"multiline":{"stdout":null,"stderr":null},"isJoined":false,"direct":null}},"next":"standing",' +
  '"startedAt":70246766.353422,"beside":{"run":{"run":2,"session":"d0fe1c9cc13146e9","pid":31673,' +
  '"began":1795431243407,"beganAt":70246773.209516,"because":"with the supervisor","restarts":0,"end":null},' +
  '"asked":{"words":"restart, as its definition has changed"}}}}';
