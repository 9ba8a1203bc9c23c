local status = redis.call('HGET', record, 'status')
return operations[operation](status or nil)
